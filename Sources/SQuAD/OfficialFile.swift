/// One of SQuAD's official files.
package struct OfficialFile: Sendable, Hashable {
    /// The dataset: `squad` is version 1.1, `squad_v2` is 2.0.
    package let dataset: String
    /// `train` or `dev`.
    package let part: String
    /// Its name where it is published.
    package let name: String
    /// Bytes.
    package let size: Int
    /// The SHA-256 as hexadecimal digits.
    package let sha256: String

    /// A file, with what its contents have to be.
    package init(dataset: String, part: String, name: String, size: Int, sha256: String) {
        (self.dataset, self.part, self.name, self.size, self.sha256) = (dataset, part, name, size, sha256)
    }

    /// The dataset's id on the Hugging Face hub.
    package var hubID: String { "rajpurkar/\(dataset)" }

    /// The dataset's name for people.
    package var title: String { dataset == "squad" ? "SQuAD 1.1" : "SQuAD 2.0" }

    /// The four of them.
    ///
    /// - Source: sizes and SHA-256 as TensorFlow Datasets and ParlAI publish them for these files.
    package static let all = [
        OfficialFile(
            dataset: "squad", part: "train", name: "train-v1.1.json", size: 30_288_272,
            sha256: "3527663986b8295af4f7fcdff1ba1ff3f72d07d61a20f487cb238a6ef92fd955"),
        OfficialFile(
            dataset: "squad", part: "dev", name: "dev-v1.1.json", size: 4_854_279,
            sha256: "95aa6a52d5d6a735563366753ca50492a658031da74f301ac5238b03966972c9"),
        OfficialFile(
            dataset: "squad_v2", part: "train", name: "train-v2.0.json", size: 42_123_633,
            sha256: "68dcfbb971bd3e96d5b46c7177b16c1a4e7d4bdef19fb204502738552dede002"),
        OfficialFile(
            dataset: "squad_v2", part: "dev", name: "dev-v2.0.json", size: 4_370_528,
            sha256: "80a5225e94905956a6446d296ca1093975c4d3b3260f1d6c8f68bc2ab77182d8"),
    ]
}
