extension ModelParameters {
    /// Where a parameter stands between the embeddings and the head: 0 for the embeddings, 1 for the first layer, and
    /// so on; one more than the number of layers for the head.
    package static func depth(_ key: String, _ config: EncoderConfig) -> Int {
        if headKeys.contains(key) { return config.layerCount + 1 }
        for layer in 0..<config.layerCount where key.hasPrefix("\(config.family.page.scope(ofLayer: layer)).") {
            return layer + 1
        }
        return 0
    }
}
