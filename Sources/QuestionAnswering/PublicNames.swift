import BERT
import Torch

// Names of modules below that public signatures use, so that a client needs no import but this one.

/// Where a model runs: the CPU, or a GPU that libtorch can use.
public typealias Device = Torch.Device

/// The precision of matrix products.
public typealias Precision = BERT.Precision

/// Where a model keeps its weights.
public typealias WeightStorage = BERT.WeightStorage
