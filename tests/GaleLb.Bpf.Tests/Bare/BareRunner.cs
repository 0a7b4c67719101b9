using System.Globalization;
using System.Reflection;
using Xunit.Sdk;

namespace GaleLb.Bpf.Tests.Bare;

/// <summary>
/// Runs test classes of this assembly without a test runner, which takes minutes to start in an emulated machine. It knows what is used here: facts,
/// theories with data attributes, and one class fixture by the constructor.
/// </summary>
internal sealed class BareRunner(Action<CheckResult> report)
{
    /// <summary>Runs all tests of a class and reports them as one check, with a further one for each failure and each reason to skip.</summary>
    public void Run(Type type)
    {
        int passed = 0;
        List<CheckResult> others = [];
        object[] fixtures = [];
        try
        {
            fixtures = [.. type.GetConstructors().Single().GetParameters().Select(p => Activator.CreateInstance(p.ParameterType)!)];
        }
        catch (TargetInvocationException e)
        {
            report(CheckResult.Fail($"{type.Name}", e.InnerException!));
            return;
        }

        foreach ((MethodInfo method, FactAttribute fact) in Tests(type))
        {
            object?[][] rows = fact is TheoryAttribute ? [.. method.GetCustomAttributes<DataAttribute>().SelectMany(d => d.GetData(method))] : [[]];
            if (fact.Skip is not null)
            {
                others.Add(CheckResult.Skip($"{type.Name}.{method.Name}: {fact.Skip}", rows.Length));
                continue;
            }

            foreach (object?[] row in rows)
            {
                try
                {
                    method.Invoke(Activator.CreateInstance(type, fixtures), Converted(method, row));
                    passed++;
                }
                catch (TargetInvocationException e)
                {
                    others.Add(CheckResult.Fail($"{type.Name}.{method.Name}({string.Join(", ", row)})", e.InnerException!));
                }
            }
        }

        foreach (IDisposable fixture in fixtures.OfType<IDisposable>()) fixture.Dispose();
        report(new CheckResult(type.Name, passed, 0, 0));
        others.ForEach(report);
    }

    /// <summary>An attribute's number is an int whatever the parameter is.</summary>
    private static object?[] Converted(MethodInfo method, object?[] row) =>
    [
        .. method.GetParameters().Zip(row, (parameter, value) =>
            value is int ? Convert.ChangeType(value, parameter.ParameterType, CultureInfo.InvariantCulture) : value),
    ];

    private static IEnumerable<(MethodInfo Method, FactAttribute Fact)> Tests(Type type) =>
        from method in type.GetMethods()
        let fact = method.GetCustomAttribute<FactAttribute>()
        where fact is not null
        select (method, fact);
}
