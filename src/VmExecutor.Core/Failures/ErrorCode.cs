using System.Globalization;

namespace VmExecutor.Core.Failures;

/// <summary>A stable number for one kind of failure (<c>VMX1203</c>); the troubleshooting guide has a page for each.</summary>
public readonly record struct ErrorCode
{
    public ErrorCode(int number)
    {
        if (number is < 1000 or > 9999)
        {
            throw new ArgumentOutOfRangeException(nameof(number), number, "an error code has four digits");
        }

        Number = number;
    }

    public int Number { get; }

    public override string ToString() => string.Create(CultureInfo.InvariantCulture, $"VMX{Number}");
}
