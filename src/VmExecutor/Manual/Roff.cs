using System.Text;

namespace VmExecutor.Manual;

/// <summary>Writes man(7), the macros that every man understands.</summary>
internal sealed class Roff
{
    private readonly StringBuilder _text = new();

    public Roff Title(string name, string version)
    {
        _text.Append($".TH \"{Escape(name.ToUpperInvariant())}\" 1 \"\" \"{Escape(version)}\" \"vm-executor\"\n");
        return this;
    }

    public Roff Section(string name)
    {
        _text.Append($".SH {name}\n");
        return this;
    }

    public Roff Paragraph(string text)
    {
        _text.Append($".PP\n{Line(text)}\n");
        return this;
    }

    /// <summary>A word and what it means.</summary>
    public Roff Entry(string word, string meaning)
    {
        _text.Append($".TP\n.B {Escape(word)}\n{Line(meaning)}\n");
        return this;
    }

    /// <summary>Something to type.</summary>
    public Roff Code(string line)
    {
        _text.Append($".PP\n.RS 4\n.nf\n{Line(line)}\n.fi\n.RE\n");
        return this;
    }

    public Roff Plain(string line)
    {
        _text.Append($"{Line(line)}\n");
        return this;
    }

    public override string ToString() => _text.ToString();

    /// <summary>man(7): a line that begins with a dot or an apostrophe would be a macro.</summary>
    private static string Line(string text)
    {
        var line = Escape(text);
        return line.StartsWith('.') || line.StartsWith('\'') ? @"\&" + line : line;
    }

    /// <summary>groff_char(7): a hyphen that is to be typed or copied is a minus.</summary>
    private static string Escape(string text) =>
        text.Replace(@"\", @"\e", StringComparison.Ordinal).Replace("-", @"\-", StringComparison.Ordinal).Replace("\"", @"\(dq", StringComparison.Ordinal).ReplaceLineEndings(" ");
}
