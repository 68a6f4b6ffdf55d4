import StrictJSON

/// How transformers makes a tokenizer of a folder; its class decides.
///
/// - Source: `AutoTokenizer.from_pretrained` and `tokenizer_class_from_name` of transformers 5.23
///   (`src/transformers/models/auto/tokenization_auto.py`).
enum TokenizerClass: Equatable {
    /// `BertTokenizer`: built anew from the vocabulary and the settings of `tokenizer_config.json`. Of a
    /// `tokenizer.json` only the vocabulary and the added tokens count.
    case bert
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
    /// Classes of transformers that make other tokens than BERT's, whatever files lie beside them.
    private static let others = Set(
        """
        Albert Bart Barthez Bartpho BertGeneration BertJapanese Bertweet BigBird BioGpt Blenderbot BlenderbotSmall \
        ByT5 CLIP CTRL Camembert Canine Clvp CodeLlama Cohere Cpm CpmAnt Deberta DebertaV2 Dia Esm Esmc FNet FSMT \
        FastSpeech2Conformer Flaubert Funnel GPT2 GPTNeoX GPTNeoXJapanese GPTSw3 Gemma Herbert LED Lasr LayoutLMv2 \
        LayoutLMv3 LayoutXLM Llama Luke M2M100 MBart MBart50 MLuke MPNet Marian MarkupLM Mgpstr Mvp MyT5 Nllb Nougat \
        OpenAIGPT PLBart Parakeet Pegasus Perceiver Phobert ProphetNet Qwen2 Rag Reformer RemBert RoCBert RoFormer \
        Roberta SeamlessM4T Siglip Siglip2 Speech2Text SpeechT5 Splinter T5 Tapas Udop Vits Wav2Vec2CTC \
        Wav2Vec2PhonemeCTC Whisper XGLM XLM XLMRoberta XLNet
        """.split(separator: " ").map { "\($0)Tokenizer" })

    /// The class of a folder.
    ///
    /// - Parameters:
    ///   - model: the folder's `config.json`, if it has one.
    ///   - hasFile: whether the folder has a `tokenizer.json`.
    ///   - warn: gets a sentence for a class that nobody knows.
    /// - Throws: `TokenizerError` (`.unsupported`) for a class whose tokens are not BERT's.
    static func of(
        _ config: TokenizerConfig, model: (path: String, members: JSONObject)?, hasFile: Bool, warn: (String) -> Void
    ) throws(TokenizerError) -> TokenizerClass {
        try checkWordTokenizer(config)
        let ownName = try config.text("tokenizer_class")
        let path = ownName == nil ? model?.path ?? config.path : config.path
        guard let name = ownName ?? model?.members["tokenizer_class"]?.string else {
            // Without a model type transformers takes the file as it stands, and has no use for a vocab.txt alone.
            let type = model?.members["model_type"]?.string
            return !hasFile || type.map(bertModels.contains) == true ? .bert : .file
        }
        let plain = name.hasSuffix("Fast") ? String(name.dropLast(4)) : name
        if ofBert.contains(plain) { return .bert }
        if ofFile.contains(plain) && (hasFile || plain == "ConvBertTokenizer") { return hasFile ? .file : .bert }
        if others.contains(plain) {
            throw TokenizerError(
                .unsupported,
                "\(path): tokenizer_class is \(name), whose tokens are not those of BertTokenizer; BertQA cannot "
                    + "make them"
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
