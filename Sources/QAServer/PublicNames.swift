import Retrieval

// Names of modules below that public signatures use, so that a client needs no import but this one.

/// Why documents could not be stored or read.
public typealias DocumentStoreError = Retrieval.DocumentStoreError
