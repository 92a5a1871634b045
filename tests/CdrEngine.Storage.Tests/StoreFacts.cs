using CdrEngine.TestKit;
using Xunit;
using Xunit.Abstractions;
using Xunit.Sdk;

namespace CdrEngine.Storage.Tests;

/// <summary>Marks test classes that run against PostgreSQL.</summary>
internal interface IOnPostgres;

/// <summary>A test of every store: skipped with the reason in a class <see cref="IOnPostgres"/> where there is no PostgreSQL.</summary>
[XunitTestCaseDiscoverer("CdrEngine.Storage.Tests.StoreFactDiscoverer", "CdrEngine.Storage.Tests")]
public sealed class StoreFactAttribute : FactAttribute;

/// <summary>The same with data.</summary>
[XunitTestCaseDiscoverer("CdrEngine.Storage.Tests.StoreTheoryDiscoverer", "CdrEngine.Storage.Tests")]
public sealed class StoreTheoryAttribute : TheoryAttribute;

/// <summary>Finds <see cref="StoreFactAttribute"/>.</summary>
public sealed class StoreFactDiscoverer(IMessageSink sink) : FactDiscoverer(sink)
{
    /// <summary>Why a class cannot run here; null where it can.</summary>
    internal static string? SkipOf(ITestMethod method) =>
        method.TestClass.Class.Interfaces.Any(static type => type.Name == typeof(IOnPostgres).FullName) ? PostgresServer.Missing : null;

    /// <inheritdoc />
    protected override IXunitTestCase CreateTestCase(ITestFrameworkDiscoveryOptions discoveryOptions, ITestMethod testMethod, IAttributeInfo factAttribute) =>
        SkipOf(testMethod) is { } reason
            ? new XunitSkippedDataRowTestCase(DiagnosticMessageSink, discoveryOptions.MethodDisplayOrDefault(), discoveryOptions.MethodDisplayOptionsOrDefault(), testMethod, reason)
            : base.CreateTestCase(discoveryOptions, testMethod, factAttribute);
}

/// <summary>Finds <see cref="StoreTheoryAttribute"/>.</summary>
public sealed class StoreTheoryDiscoverer(IMessageSink sink) : TheoryDiscoverer(sink)
{
    /// <inheritdoc />
    protected override IEnumerable<IXunitTestCase> CreateTestCasesForDataRow(
        ITestFrameworkDiscoveryOptions discoveryOptions, ITestMethod testMethod, IAttributeInfo theoryAttribute, object[] dataRow) =>
        StoreFactDiscoverer.SkipOf(testMethod) is { } reason
            ? CreateTestCasesForSkippedDataRow(discoveryOptions, testMethod, theoryAttribute, dataRow, reason)
            : base.CreateTestCasesForDataRow(discoveryOptions, testMethod, theoryAttribute, dataRow);

    /// <inheritdoc />
    protected override IEnumerable<IXunitTestCase> CreateTestCasesForTheory(ITestFrameworkDiscoveryOptions discoveryOptions, ITestMethod testMethod, IAttributeInfo theoryAttribute) =>
        StoreFactDiscoverer.SkipOf(testMethod) is { } reason
            ? CreateTestCasesForSkip(discoveryOptions, testMethod, theoryAttribute, reason)
            : base.CreateTestCasesForTheory(discoveryOptions, testMethod, theoryAttribute);
}
