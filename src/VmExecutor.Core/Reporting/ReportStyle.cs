using System.Security.Cryptography;
using System.Text;

namespace VmExecutor.Core.Reporting;

/// <summary>The look of a report: light and dark, from a telephone's width up.</summary>
internal static class ReportStyle
{
    /// <summary>Colours are Tableau's, which are told apart on white and on black and by those who see few colours.</summary>
    public const string Text =
        """

        :root { color-scheme: light dark; --page: #f6f8fa; --card: #ffffff; --ink: #1f2328; --soft: #59636e; --line: #d8dee4; --link: #0a58ca;
          --ok: #4e79a7; --job: #f28e2b; --host: #d6453d; --stop: #a878b5; --unclear: #8c959f; --light: #a9c3de; }
        @media (prefers-color-scheme: dark) { :root { --page: #0d1117; --card: #161b22; --ink: #e6edf3; --soft: #9ba4ae; --line: #30363d; --link: #6cb0ff;
          --ok: #5b8fc7; --job: #f28e2b; --host: #ef6a63; --stop: #bb8fc8; --unclear: #7d8590; --light: #34506e; } }
        * { box-sizing: border-box; }
        body { margin: 0; background: var(--page); color: var(--ink); font: 15px/1.5 system-ui, -apple-system, "Segoe UI", "Noto Sans", "DejaVu Sans", sans-serif; overflow-wrap: anywhere; }
        main { max-width: 1200px; margin: 0 auto; padding: 24px 20px 40px; display: grid; gap: 16px; grid-template-columns: repeat(2, minmax(0, 1fr)); }
        header, .whole, footer { grid-column: 1 / -1; }
        h1 { font-size: 24px; line-height: 1.25; margin: 0 0 4px; }
        h2 { font-size: 17px; margin: 0 0 10px; }
        h3 { font-size: 15px; margin: 20px 0 4px; }
        p { margin: 0 0 10px; }
        a { color: var(--link); }
        header p, footer, .soft { color: var(--soft); }
        section { background: var(--card); border: 1px solid var(--line); border-radius: 10px; padding: 16px 18px; min-width: 0; }
        .tiles { display: grid; gap: 12px; grid-template-columns: repeat(6, minmax(0, 1fr)); grid-column: 1 / -1; }
        .tile { background: var(--card); border: 1px solid var(--line); border-radius: 10px; padding: 12px 14px; }
        .tile strong { display: block; font-size: 22px; line-height: 1.3; font-variant-numeric: tabular-nums; }
        .tile span { display: block; color: var(--soft); font-size: 13px; }
        .chart, .strip { display: block; }
        .chart { margin: 4px 0 6px; }
        .tick { font-size: 11px; fill: var(--soft); font-variant-numeric: tabular-nums; }
        .grid { stroke: var(--line); stroke-width: 1; }
        .limit { stroke: var(--host); stroke-width: 1.5; stroke-dasharray: 5 4; }
        .ok, .used { fill: var(--ok); } .job { fill: var(--job); } .host { fill: var(--host); } .stop { fill: var(--stop); } .unclear { fill: var(--unclear); } .reserved, .more { fill: var(--light); } .rest { fill: var(--line); }
        ul.legend + p { margin: 8px 0 0; }
        ul.legend { list-style: none; display: flex; flex-wrap: wrap; gap: 2px 16px; padding: 0; margin: 0; font-size: 13px; color: var(--soft); }
        .legend svg { display: inline-block; vertical-align: -1px; margin-right: 6px; }
        .row { margin: 0 0 12px; }
        .rows { display: grid; grid-template-columns: repeat(2, minmax(0, 1fr)); gap: 0 32px; margin-bottom: 12px; align-items: end; }
        .words { margin-bottom: 3px; }
        .words span { display: block; }
        .words span + span { color: var(--soft); font-size: 13px; font-variant-numeric: tabular-nums; }
        .strip { border-radius: 4px; overflow: hidden; background: var(--page); }
        table { width: 100%; border-collapse: collapse; font-size: 14px; text-align: left; }
        th { font-weight: 600; color: var(--soft); font-size: 13px; }
        th, td { padding: 6px 12px 6px 0; border-bottom: 1px solid var(--line); vertical-align: top; }
        tr:last-child td { border-bottom: 0; }
        th:last-child, td:last-child { padding-right: 0; }
        .number { text-align: right; font-variant-numeric: tabular-nums; white-space: nowrap; overflow-wrap: normal; }
        .code { white-space: nowrap; overflow-wrap: normal; }
        pre { background: var(--page); border: 1px solid var(--line); border-radius: 6px; padding: 8px 10px; overflow-x: auto; overflow-wrap: normal; font-size: 13px; }
        code, pre { font-family: ui-monospace, "DejaVu Sans Mono", monospace; }
        code { font-size: 13px; }
        article { max-width: 860px; }
        article:target h3 { text-decoration: underline; }
        footer { font-size: 13px; }
        @media (max-width: 900px) { .rows { grid-template-columns: minmax(0, 1fr); } main { grid-template-columns: minmax(0, 1fr); } .tiles { grid-template-columns: repeat(3, minmax(0, 1fr)); } }
        @media (max-width: 560px) { main { padding: 16px 12px 32px; gap: 12px; } .tiles { grid-template-columns: repeat(2, minmax(0, 1fr)); } .wide { display: none; } section { padding: 14px 12px; } h1 { font-size: 20px; } .tile strong { font-size: 19px; } }
        @media print { body { background: none; } section, .tile { break-inside: avoid; } }

        """;

    /// <summary>The policy of the page: it loads nothing, and has no style but this one (w3.org/TR/CSP3).</summary>
    public static string Policy { get; } =
        $"default-src 'none'; style-src 'sha256-{Convert.ToBase64String(SHA256.HashData(Encoding.UTF8.GetBytes(Text)))}'; base-uri 'none'; form-action 'none'";
}
