/// This program.
package enum BertQA {
    /// Its version.
    package static let version = "0.1.0"
}
