using System.Text.Json;

namespace VmExecutor.Program.Tests.Browser;

/// <summary>The faults that a person would see in a page, as the browser has laid it out.</summary>
internal sealed record PageLook
{
    /// <summary>The text of an expression of JavaScript that looks.</summary>
    public const string Expression =
        """
        (() => {
          const look = { overflow: document.documentElement.scrollWidth - document.documentElement.clientWidth, sections: [...document.querySelectorAll('section')].map(one => one.id), overlaps: [], cut: [], hidden: [] };
          for (const picture of document.querySelectorAll('svg')) {
            const frame = picture.getBoundingClientRect(), texts = [...picture.querySelectorAll('text')].filter(one => one.getClientRects().length > 0);
            const boxes = texts.map(one => one.getBoundingClientRect());
            boxes.forEach((box, i) => {
              if (box.left < frame.left - 0.5 || box.right > frame.right + 0.5 || box.top < frame.top - 0.5 || box.bottom > frame.bottom + 0.5) look.cut.push(texts[i].textContent);
              boxes.slice(i + 1).forEach((other, j) => {
                if (box.left < other.right - 0.5 && other.left < box.right - 0.5 && box.top < other.bottom - 1 && other.top < box.bottom - 1) look.overlaps.push(texts[i].textContent + ' | ' + texts[i + 1 + j].textContent);
              });
            });
          }
          const luminance = colour => { const [r, g, b] = colour.match(/[\d.]+/g).map(Number).map(v => v / 255).map(v => v <= 0.03928 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4); return 0.2126 * r + 0.7152 * g + 0.0722 * b; };
          const ground = one => { for (let at = one; at; at = at.parentElement) { const colour = getComputedStyle(at).backgroundColor; if (!/, 0\)$|transparent/.test(colour)) return colour; } return 'rgb(255, 255, 255)'; };
          for (const one of document.querySelectorAll('h1, h2, h3, p, td, th, li, span, strong, text, a, code, pre')) {
            if (one.textContent.trim() && one.getClientRects().length > 0) {
              const style = getComputedStyle(one), [a, b] = [luminance(one.tagName === 'text' ? style.fill : style.color), luminance(ground(one))];
              if ((Math.max(a, b) + 0.05) / (Math.min(a, b) + 0.05) < 4.5) look.hidden.push(one.tagName + ' ' + one.textContent.slice(0, 40));
            }
          }
          return JSON.stringify(look);
        })()
        """;

    /// <summary>By how many pixels it is wider than the screen.</summary>
    public required double Overflow { get; init; }

    public required IReadOnlyList<string> Sections { get; init; }

    /// <summary>Texts in a picture that lie on each other.</summary>
    public required IReadOnlyList<string> Overlaps { get; init; }

    /// <summary>Texts that stick out of their picture.</summary>
    public required IReadOnlyList<string> Cut { get; init; }

    /// <summary>Texts with less contrast than people need (w3.org/TR/WCAG21, 1.4.3).</summary>
    public required IReadOnlyList<string> Hidden { get; init; }

    public static PageLook Of(JsonElement look) => new()
    {
        Overflow = look.GetProperty("overflow").GetDouble(),
        Sections = Texts(look, "sections"),
        Overlaps = Texts(look, "overlaps"),
        Cut = Texts(look, "cut"),
        Hidden = Texts(look, "hidden"),
    };

    private static IReadOnlyList<string> Texts(JsonElement look, string name) => [.. look.GetProperty(name).EnumerateArray().Select(one => one.GetString()!)];
}
