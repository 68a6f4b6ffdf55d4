import Console
import Files
import SQuAD
import StrictJSON
import Torch

/// The loss of a model's answers in int8, measured on a dataset: `int8.json` in its folder.
///
/// int8 is used only for models that have such a record for the weights they have now.
package struct QuantizationRecord: Sendable, Hashable {
    /// The SHA-256 of the measured `model.safetensors`.
    package let weights: String
    /// The dataset, and the SHA-256 of its file.
    package let data: String
    /// See `data`.
    package let dataDigest: String
    /// Official exact match and F1 in float32, 0 to 100.
    package let exactMatch: Double
    /// See `exactMatch`.
    package let f1: Double
    /// The same in int8.
    package let int8ExactMatch: Double
    /// See `int8ExactMatch`.
    package let int8F1: Double

    /// How much F1 int8 loses.
    package var drop: Double { f1 - int8F1 }

    /// A record of a measurement.
    ///
    /// - Throws: `FileError` for files that cannot be read.
    package init(directory: String, data: String, fp32: Scores, int8: Scores) throws {
        weights = try FileDigest.sha256(path: "\(directory)/model.safetensors")
        self.data = data
        dataDigest = try DatasetFile.sha256(data)
        (exactMatch, f1) = (fp32.exactMatch, fp32.f1)
        (int8ExactMatch, int8F1) = (int8.exactMatch, int8.f1)
    }

    /// The record in a model's folder.
    ///
    /// - Throws: `ReaderError.quantization` if there is none, or it cannot be read.
    package init(directory: String) throws(ReaderError) {
        let path = "\(directory)/int8.json"
        let json: JSONValue
        do {
            json = try MappedFile(path: path).withBytes(JSONValue.parse)
        } catch let error as FileError where error.isMissing {
            throw .quantization(
                "`precision` int8: its loss for \(directory) has not been measured; measure and allow it with "
                    + "`bertqa quantize --model \(directory) --data questions.json`")
        } catch {
            throw .quantization("\(path): \(error); measure again with `bertqa quantize`")
        }
        guard let weights = json["weights_sha256"]?.string, let data = json["data"]?.string,
            let digest = json["data_sha256"]?.string, let exactMatch = json["exact_match"]?.double,
            let f1 = json["f1"]?.double, let int8ExactMatch = json["int8_exact_match"]?.double,
            let int8F1 = json["int8_f1"]?.double
        else { throw .quantization("\(path): a field is missing; measure again with `bertqa quantize`") }
        (self.weights, self.data, dataDigest) = (weights, data, digest)
        (self.exactMatch, self.f1) = (exactMatch, f1)
        (self.int8ExactMatch, self.int8F1) = (int8ExactMatch, int8F1)
    }

    /// Checks that int8 was measured for the weights that a folder has now.
    ///
    /// - Throws: `ReaderError.quantization` if there is no record, or it was made for other weights.
    package static func check(_ directory: String) throws(ReaderError) {
        let record = try QuantizationRecord(directory: directory)
        let digest: String
        do {
            digest = try FileDigest.sha256(path: "\(directory)/model.safetensors")
        } catch {
            throw .quantization("\(error)")
        }
        guard digest == record.weights else {
            throw .quantization(
                "`precision` int8: the weights in \(directory) have changed since it was measured; measure again "
                    + "with `bertqa quantize`")
        }
    }

    /// Writes the record into a model's folder, where it allows int8.
    ///
    /// - Throws: `ReaderError.quantization` if F1 drops by more than `limit`; `FileError`. Nothing is written then.
    package func write(to directory: String, limit: Double) throws {
        guard drop <= limit else {
            throw ReaderError.quantization(
                "int8 loses \(Figures.fixed(drop, 2)) of F1 (\(Figures.fixed(f1, 2)) to \(Figures.fixed(int8F1, 2))), "
                    + "more than `max_drop` \(limit); it is not allowed for \(directory)")
        }
        let object = JSONObject([
            ("weights_sha256", .string(weights)), ("data", .string(data)), ("data_sha256", .string(dataDigest)),
            ("exact_match", .double(exactMatch)), ("f1", .double(f1)), ("int8_exact_match", .double(int8ExactMatch)),
            ("int8_f1", .double(int8F1)), ("bertqa", .string(BertQA.version)), ("libtorch", .string(Runtime.version)),
        ])
        try DurableFiles.write(JSONValue.object(object).serialized(pretty: true) + "\n", to: "\(directory)/int8.json")
    }
}
