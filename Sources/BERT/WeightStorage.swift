/// Where a model that answers keeps the weights that its layers have no copies of.
public enum WeightStorage: Sendable, Hashable {
    /// In the mapped file: only what is read takes memory, and processes share it. Nobody may write to the file while
    /// the model is used. Each pass of the model checks that and fails; but where the file was cut short, the system
    /// ends a process that reads beyond its end.
    case mapped
    /// In memory: the file may be changed or removed once the model is loaded.
    case memory
}
