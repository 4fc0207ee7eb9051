using System.Globalization;
using System.Text.RegularExpressions;
using FluentAssertions;
using Xunit;

namespace VmExecutor.Core.Tests.Conventions;

/// <summary>The rules for sentences, as far as a program can check them: a named subject, one fact, no hidden person.</summary>
public sealed partial class WordsTests
{
    private const int MostWords = 40;

    [Fact]
    public void Each_summary_begins_with_what_a_thing_is_or_does()
    {
        var files = Repository.Sources("src").Concat(Repository.Sources("tests")).Where(IsNotThisFile).ToList();

        files.Sum(file => Summary().Count(File.ReadAllText(file))).Should().BeGreaterThan(2000, "else this test would look at nothing");
        string.Join('\n', files.SelectMany(file => QuestionSummaries(File.ReadAllText(file)).Select(found => $"{Repository.Relative(file)}: {found}"))).Should().BeEmpty();
    }

    [Theory]
    [InlineData("/// <summary>What is left of a job.</summary>", false)]
    [InlineData("/// <summary>Whether the VM runs.</summary>", false)]
    [InlineData("/// <summary>\n    /// How long it takes.\n    /// </summary>", false)]
    [InlineData("/// <summary>Who owns it.</summary>", false)]
    [InlineData("/// <summary>The leftovers of a job.</summary>", true)]
    [InlineData("/// <summary>\n    /// The time that it takes.\n    /// </summary>", true)]
    [InlineData("/// <summary>Whole lines only.</summary>", true)]
    public void A_summary_is_judged_by_its_first_word(string comment, bool isGood) => QuestionSummaries(comment).Any().Should().Be(!isGood);

    [Fact]
    public void No_comment_message_name_of_a_test_or_page_hides_a_person()
    {
        var source = Repository.Sources("src").SelectMany(file => Found(file, line => line));
        var tests = Repository.Sources("tests").Where(IsNotThisFile).SelectMany(file => Found(file, CommentOrTestName));
        var pages = Directory.EnumerateFiles(Repository.Root, "*.md").Concat(Pages("docs")).Concat(Pages("config")).Concat(Pages("src"))
            .Concat(Repository.Files("executor")).Concat(Repository.Files("config").Where(file => file.EndsWith(".yaml", StringComparison.Ordinal)));

        string.Join('\n', source.Concat(tests).Concat(pages.SelectMany(file => Found(file, line => line)))).Should().BeEmpty();
    }

    [Theory]
    [InlineData("// Somebody may have started it.", true)]
    [InlineData("throw new X(\"the VM was stopped by someone\");", true)]
    [InlineData("public void What_somebody_removed_is_told()", true)]
    [InlineData("// whoever comes next", true)]
    [InlineData("// the user nobody of the guest", true)]
    [InlineData("// Another process may have started it.", false)]
    [InlineData("[GeneratedRegex(\"^@|^Someone could|^IT IS POSSIBLE\")]", false)]
    [InlineData("private const uint NobodysGroup = 1;", false)]
    public void A_hidden_person_is_found(string line, bool isFound) => Hides(line).Should().Be(isFound);

    /// <summary>Quantity writes the plural of nouns. A sentence whose verb or whose words differ chooses for itself.</summary>
    [Fact]
    public void No_message_makes_the_plural_of_a_noun_by_itself() =>
        string.Join('\n', Repository.Sources("src").SelectMany(file => File.ReadLines(file).Where(line => OwnPlural().IsMatch(line)).Select(line => $"{Repository.Relative(file)}: {line.Trim()}"))).Should().BeEmpty();

    [Theory]
    [InlineData("$\"{n} job{(n == 1 ? \"\" : \"s\")}\"", true)]
    [InlineData("$\"{n} {what}{(n is 1 ? \"\" : \"s\")}\"", true)]
    [InlineData("n == 1 ? \"1 job\" : $\"{n} jobs\"", true)]
    [InlineData("$\"{Quantity.Of(n, \"job\")} {(n == 1 ? \"was\" : \"were\")} removed\"", false)]
    [InlineData("$\"which {who} want{(n == 1 ? \"s\" : \"\")}\"", false)]
    public void A_plural_of_a_noun_is_found(string line, bool isFound) => OwnPlural().IsMatch(line).Should().Be(isFound);

    [Fact]
    public void The_name_of_a_test_begins_with_its_subject()
    {
        var names = Repository.Sources("tests").Where(IsNotThisFile).SelectMany(file => File.ReadLines(file).Select(line => TestName().Match(line).Value)).ToList();

        names.Count(name => name.Length > 0).Should().BeGreaterThan(1000, "else this test would look at nothing");
        string.Join('\n', names.Where(name => QuestionName().IsMatch(name))).Should().BeEmpty();
    }

    [Theory]
    [InlineData("What_is_wrong_is_named", true)]
    [InlineData("Who_waits_is_admitted", true)]
    [InlineData("Each_mistake_is_named", false)]
    [InlineData("Where_nothing_is_kept_the_option_is_named", false)]
    public void The_name_of_a_test_is_judged_by_its_first_word(string name, bool isQuestion) => QuestionName().IsMatch(name).Should().Be(isQuestion);

    [Fact]
    public void A_sentence_of_a_comment_has_at_most_forty_words()
    {
        var files = Repository.Sources("src").Concat(Repository.Sources("tests")).ToList();

        string.Join('\n', files.SelectMany(file => Sentences(File.ReadAllText(file)).Where(IsTooLong)
            .Select(sentence => string.Create(CultureInfo.InvariantCulture, $"{Repository.Relative(file)}: {Words(sentence)} words: {sentence}")))).Should().BeEmpty();
    }

    [Fact]
    public void Sentences_are_taken_across_lines_and_apart_at_their_ends()
    {
        const string Comment = """
            /// <summary>
            /// One two <see cref="Three"/> three. four
            /// five.
            /// </summary>
            /// <param name="six">Six (seven) eight.</param>
            // Nine.
            """;

        Sentences(Comment).Should().Equal("One two three.", "four five.", "Six eight.", "Nine.");
        IsTooLong(string.Join(' ', Enumerable.Repeat("word", MostWords))).Should().BeFalse();
        IsTooLong(string.Join(' ', Enumerable.Repeat("word", MostWords + 1))).Should().BeTrue();
    }

    // The examples here break the rules.
    private static bool IsNotThisFile(string file) => Path.GetFileName(file) != "WordsTests.cs";

    private static IEnumerable<string> QuestionSummaries(string text) => Summary().Matches(text)
        .Where(match => QuestionWord().IsMatch(match.Groups["text"].Value)).Select(match => match.Groups["text"].Value.Trim());

    private static IEnumerable<string> Found(string file, Func<string, string> part) => File.ReadLines(file)
        .Select((line, index) => (Line: part(line), Number: index + 1))
        .Where(entry => Hides(entry.Line))
        .Select(entry => string.Create(CultureInfo.InvariantCulture, $"{Repository.Relative(file)}:{entry.Number}: {entry.Line.Trim()}"));

    // "Someone could be eavesdropping on you right now" is a message of ssh's.
    private static bool Hides(string line) => HiddenPerson().IsMatch(line.Replace("^Someone could", "", StringComparison.Ordinal));

    // A test may play with an account or a domain that is called 'nobody'.
    private static string CommentOrTestName(string line) => Comment().Match(line) is { Success: true } comment ? comment.Value : TestName().Match(line).Value;

    private static IEnumerable<string> Pages(string folder) => Directory.EnumerateFiles(Path.Combine(Repository.Root, folder), "*.md", SearchOption.AllDirectories)
        .Where(file => !file.Split('/').Any(part => part is "bin" or "obj"));

    private static IEnumerable<string> Sentences(string text) => CommentBlock().Matches(text)
        .Select(block => CommentStart().Replace(block.Value, " "))
        .SelectMany(block => Element().Split(block))
        .Select(part => Inline().Replace(part, ""))
        .SelectMany(part => SentenceEnd().Split(LineBreak().Replace(part, " ")))
        .Select(sentence => sentence.Trim()).Where(sentence => sentence.Length > 0);

    private static bool IsTooLong(string sentence) => Words(sentence) > MostWords;

    private static int Words(string sentence) => sentence.Split(' ', StringSplitOptions.RemoveEmptyEntries).Length;

    [GeneratedRegex(@"<summary>(?<text>[^<\n]*(?:\n *///[^<\n]*)?)")]
    private static partial Regex Summary();

    [GeneratedRegex(@"^[\s/]*(What|How|Whether|Who|Whose|Whom|Why|When|Where|Which|That)\b")]
    private static partial Regex QuestionWord();

    [GeneratedRegex(@"(?<![A-Za-z])([Ss]omebody|[Nn]obody|[Aa]nybody|[Ee]verybody|[Ss]omeone|[Aa]nyone|[Ee]veryone|[Ww]hoever)(?![A-Za-z])")]
    private static partial Regex HiddenPerson();

    [GeneratedRegex(@"(?<!\S)//.*")]
    private static partial Regex Comment();

    [GeneratedRegex(@"\w+_\w+(?=\()")]
    private static partial Regex TestName();

    [GeneratedRegex("^(What|Who|Whose|Whether|How|That)_")]
    private static partial Regex QuestionName();

    [GeneratedRegex(@"(?:^[ \t]*//.*\n?)+", RegexOptions.Multiline)]
    private static partial Regex CommentBlock();

    [GeneratedRegex("^[ \t]*///?", RegexOptions.Multiline)]
    private static partial Regex CommentStart();

    /// <summary>The tags at which a sentence ends.</summary>
    [GeneratedRegex("</?(?:summary|param|typeparam|returns|exception|remarks|content|item|para|list|inheritdoc)(?: [^>]*)?/?>")]
    private static partial Regex Element();

    /// <summary>Other tags, and text in parentheses, which is beside the sentence.</summary>
    [GeneratedRegex(@"<[^>]*>|\([^()]*\)")]
    private static partial Regex Inline();

    [GeneratedRegex(@"\s+")]
    private static partial Regex LineBreak();

    [GeneratedRegex(@"(==|is) 1 \? (""""|""1 (\w+)"") : (""s""|\$""\{[^}]+\} \3s"")")]
    private static partial Regex OwnPlural();

    [GeneratedRegex(@"(?<=[.!?])\s+")]
    private static partial Regex SentenceEnd();
}
