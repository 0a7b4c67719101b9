namespace GaleLb.DataPlane.Kernel;

/// <summary>Undoes the steps of a start that fails half-way, the last first. Once kept, it does nothing.</summary>
internal sealed class Rollback : IDisposable
{
    private readonly Stack<Action> steps = new();

    public void OnFailure(Action undo) => steps.Push(undo);

    public void Keep() => steps.Clear();

    public void Dispose()
    {
        while (steps.TryPop(out Action? undo)) undo();
    }
}
