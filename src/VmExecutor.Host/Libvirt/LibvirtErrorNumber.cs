namespace VmExecutor.Host.Libvirt;

/// <summary>virterror.h, virErrorNumber: those the driver decides on. Any other value may occur.</summary>
public enum LibvirtErrorNumber
{
    None = 0,
    InternalError = 1,
    NoSupport = 3,
    UnknownHost = 4,
    NoConnect = 5,
    InvalidConnection = 6,
    InvalidArgument = 8,
    OperationFailed = 9,
    XmlError = 27,
    OperationDenied = 29,
    SystemError = 38,
    Rpc = 39,
    NoDomain = 42,
    NoNetwork = 43,
    AuthenticationFailed = 45,
    OperationInvalid = 55,
    ConfigurationUnsupported = 67,
    OperationTimeout = 68,
    ArgumentUnsupported = 74,
    AuthenticationCancelled = 79,
    NoDomainMetadata = 80,
    OperationUnsupported = 84,
    AgentUnresponsive = 86,
    AccessDenied = 88,
    XmlInvalidSchema = 92,
    AuthenticationUnavailable = 94,
    AgentUnsynced = 97,
}
