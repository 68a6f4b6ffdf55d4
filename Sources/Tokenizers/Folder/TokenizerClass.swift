import StrictJSON

/// How transformers makes a tokenizer of a folder; its class decides.
///
/// - Source: `AutoTokenizer.from_pretrained` and `tokenizer_class_from_name` of transformers 5.23
///   (`src/transformers/models/auto/tokenization_auto.py`).
enum TokenizerClass: Equatable {
    /// `BertTokenizer`: built anew from the vocabulary and the settings of `tokenizer_config.json`. Of a
    /// `tokenizer.json` only the vocabulary and the added tokens count.
    case bert
    /// `RobertaTokenizer`: byte-level BPE, built anew from vocabulary, merges and settings.
    case roberta
    /// `XLMRobertaTokenizer`: Unigram, built anew from vocabulary and `Precompiled` normaliser.
    case xlmRoberta
    /// `CamembertTokenizer`, which differs from `XLMRobertaTokenizer` in its added tokens and their ids.
    case camembert
    /// `TokenizersBackend`, formerly `PreTrainedTokenizerFast`: `tokenizer.json` as it stands.
    case file

    /// The classes that are `BertTokenizer` under another name.
    private static let ofBert: Set = [
        "BertTokenizer", "DPRContextEncoderTokenizer", "DPRQuestionEncoderTokenizer", "DPRReaderTokenizer",
        "DistilBertTokenizer", "ElectraTokenizer", "LayoutLMTokenizer", "LxmertTokenizer", "MobileBertTokenizer",
        "SqueezeBertTokenizer",
    ]
    /// The classes that read `tokenizer.json` as it stands.
    private static let ofFile: Set = ["ConvBertTokenizer", "PreTrainedTokenizer", "PythonBackend", "TokenizersBackend"]
    /// The model types whose tokenizer is `BertTokenizer` where no class is named.
    private static let bertModels: Set = [
        "align", "bark", "bert", "blip", "bros", "chinese_clip", "convbert", "distilbert", "electra", "ernie", "flava",
        "git", "grounding-dino", "layoutlm", "megatron-bert", "mm-grounding-dino", "nezha", "nomic_bert", "qdqbert",
        "realm", "retribert", "squeezebert", "tvp", "vilt", "visual_bert",
    ]
    /// The classes of other algorithms, and the model types whose tokenizer they are where no class is named.
    private static let ofOthers: [String: TokenizerClass] = [
        "RobertaTokenizer": .roberta, "XLMRobertaTokenizer": .xlmRoberta, "CamembertTokenizer": .camembert,
    ]
    private static let otherModels: [String: TokenizerClass] = [
        "roberta": .roberta, "xlm-roberta": .xlmRoberta, "camembert": .camembert,
    ]
    /// Classes of transformers that make other tokens than these, whatever files lie beside them.
    private static let others = Set(
        """
        Albert Bart Barthez Bartpho BertGeneration BertJapanese Bertweet BigBird BioGpt Blenderbot BlenderbotSmall \
        ByT5 CLIP CTRL Canine Clvp CodeLlama Cohere Cpm CpmAnt Deberta DebertaV2 Dia Esm Esmc FNet FSMT \
        FastSpeech2Conformer Flaubert Funnel GPT2 GPTNeoX GPTNeoXJapanese GPTSw3 Gemma Herbert LED Lasr LayoutLMv2 \
        LayoutLMv3 LayoutXLM Llama Luke M2M100 MBart MBart50 MLuke MPNet Marian MarkupLM Mgpstr Mvp MyT5 Nllb Nougat \
        OpenAIGPT PLBart Parakeet Pegasus Perceiver Phobert ProphetNet Qwen2 Rag Reformer RemBert RoCBert RoFormer \
        SeamlessM4T Siglip Siglip2 Speech2Text SpeechT5 Splinter T5 Tapas Udop Vits Wav2Vec2CTC \
        Wav2Vec2PhonemeCTC Whisper XGLM XLM XLNet
        """.split(separator: " ").map { "\($0)Tokenizer" })

    /// The class of a folder.
    ///
    /// - Parameters:
    ///   - model: the folder's `config.json`, if it has one.
    ///   - hasFile: whether the folder has a `tokenizer.json`.
    ///   - warn: gets a sentence for a class that nobody knows.
    /// - Throws: `TokenizerError` (`.unsupported`) for a class whose tokens BertQA cannot make.
    static func of(
        _ config: TokenizerConfig, model: (path: String, members: JSONObject)?, hasFile: Bool, warn: (String) -> Void
    ) throws(TokenizerError) -> TokenizerClass {
        try checkWordTokenizer(config)
        let ownName = try config.text("tokenizer_class")
        let path = ownName == nil ? model?.path ?? config.path : config.path
        guard let name = ownName ?? model?.members["tokenizer_class"]?.string else {
            // Without a model type transformers takes the file as it stands, and has no use for a vocab.txt alone.
            let type = model?.members["model_type"]?.string ?? ""
            if let other = otherModels[type] { return other }
            return !hasFile || bertModels.contains(type) ? .bert : .file
        }
        let plain = name.hasSuffix("Fast") ? String(name.dropLast(4)) : name
        if ofBert.contains(plain) { return .bert }
        if let other = ofOthers[plain] { return other }
        if ofFile.contains(plain) && (hasFile || plain == "ConvBertTokenizer") { return hasFile ? .file : .bert }
        if others.contains(plain) {
            throw TokenizerError(
                .unsupported,
                "\(path): tokenizer_class is \(name), whose tokens BertQA cannot make; it knows those of BERT, "
                    + "DistilBERT, ELECTRA, RoBERTa, XLM-RoBERTa and CamemBERT"
            )
        }
        guard hasFile else {
            throw TokenizerError(
                .unsupported,
                "\(path): tokenizer_class is \(name), which needs a tokenizer.json, and there is none; if vocab.txt is "
                    + "that of a plain BERT, write \"tokenizer_class\": \"BertTokenizer\"")
        }
        warn("\(path): tokenizer_class is \(name), which is not known; tokenizer.json is read as it stands")
        return .file
    }

    /// The name without `Fast`, if it is one of `BertTokenizer`.
    static func bertName(_ name: String?) -> String? {
        guard let name else { return nil }
        let plain = name.hasSuffix("Fast") ? String(name.dropLast(4)) : name
        return ofBert.contains(plain) ? plain : nil
    }

    /// Words that another program must find, MeCab's for example, are not BERT's.
    private static func checkWordTokenizer(_ config: TokenizerConfig) throws(TokenizerError) {
        for (key, known) in [("word_tokenizer_type", "basic"), ("subword_tokenizer_type", "wordpiece")] {
            guard let type = try config.text(key), type != known else { continue }
            throw TokenizerError(
                .unsupported,
                "\(config.path): \(key) is \(type), but BertQA knows only \(known), and would make other "
                    + "tokens than the model's"
            )
        }
    }
}

extension TokenizerClass {
    /// The tokens that the class gives to roles for which the files name none.
    var roles: [(role: String, token: AddedToken)] {
        switch self {
        case .bert:
            [
                ("unk_token", "[UNK]"), ("sep_token", "[SEP]"), ("pad_token", "[PAD]"), ("cls_token", "[CLS]"),
                ("mask_token", "[MASK]"),
            ].map { ($0, AddedToken($1)) }
        case .roberta, .xlmRoberta, .camembert:
            [
                ("bos_token", "<s>"), ("eos_token", "</s>"), ("unk_token", "<unk>"), ("sep_token", "</s>"),
                ("pad_token", "<pad>"), ("cls_token", "<s>"), ("mask_token", "<mask>"),
            ].map { ($0, AddedToken($1, stripsLeft: self == .camembert && $0 == "mask_token")) }
        case .file: []
        }
    }

    /// Special tokens that the class adds where the files list none without a role.
    var extra: [AddedToken] {
        self == .camembert ? ["<s>NOTUSED", "</s>NOTUSED", "<unk>NOTUSED"].map { AddedToken($0) } : []
    }

    /// The roles whose tokens stand before a text and behind it.
    var ends: (first: String, last: String) {
        self == .xlmRoberta || self == .camembert ? ("bos_token", "eos_token") : ("cls_token", "sep_token")
    }

    /// The name of the class.
    var name: String {
        switch self {
        case .bert: "BertTokenizer"
        case .roberta: "RobertaTokenizer"
        case .xlmRoberta: "XLMRobertaTokenizer"
        case .camembert: "CamembertTokenizer"
        case .file: "PreTrainedTokenizerFast"
        }
    }

    /// Checks that a file's model is one of the class's algorithm.
    ///
    /// - Throws: `TokenizerError` (`.unsupported`) naming the file.
    func checkAlgorithm(of model: ModelSection, path: String) throws(TokenizerError) {
        let expected: ModelSection.Algorithm
        switch self {
        case .file: return
        case .bert: expected = .wordPiece
        case .roberta: expected = .bytePair
        case .xlmRoberta, .camembert: expected = .unigram
        }
        guard let own = model.algorithmName, own != expected.rawValue else { return }
        throw TokenizerError(
            .unsupported,
            "\(path): it holds a \(own) model, but the folder's tokenizer class, \(name), needs \(expected.rawValue)")
    }

    /// The files that the class reads if there is no `tokenizer.json`.
    var vocabularyFiles: [String] {
        switch self {
        case .bert, .file: ["vocab.txt"]
        case .roberta: ["vocab.json", "merges.txt"]
        case .xlmRoberta, .camembert: ["sentencepiece.bpe.model"]
        }
    }
}
