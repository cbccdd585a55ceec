#pragma once

#include "graph/quant_info.h"
#include "network/network.h"

#include <optional>
#include <string>
#include <vector>

namespace quantscope::vitis {

/// An entry of quant_info.json and the slot that it speaks of.
struct JoinedEntry {
    SlotId slot;
    const QuantInfoEntry *entry = nullptr;
    const QuantInfoNumbers *numbers = nullptr; ///< null: the file says null
    const BiasCorrection *correction = nullptr; ///< of biases that were corrected
};

/// How quant_info.json and the parameters of a checkpoint meet.
struct QuantInfoJoin {
    std::vector<JoinedEntry> slots;
    std::vector<std::string> withoutParameter; ///< entries that name none of the file
    std::vector<std::string> twice; ///< entries of something that another entry speaks of: not used
    std::vector<std::string> withoutEntry; ///< weights and biases that no entry names
    std::vector<LayerId> merged; ///< their batch norm was merged before rounding: the bias is quantized, and not there
    std::string correctionsProblem; ///< why biases cannot be corrected; empty where they can, or need not
};

/// "conv1.weight" of "LeNet::conv1.weight".
std::string withoutModel(const std::string &entry);

/// "a, b, c and 4 more", for people.
std::string firstNames(const std::vector<std::string> &names);

/// "relu" and 2 of "LeNet::nndct_relu_2": what a node does, and its place in the network.
struct NodeName {
    std::string word;
    std::optional<int> place;
};
NodeName nodeName(const std::string &node);

/// Joins by name; adds a layer for each quantized node of the network, with an `act` slot, and slots of parameters that
/// the file has not. `network` lists the checkpoint, or nothing where only the JSON is there.
QuantInfoJoin joinQuantInfo(Network &network, const QuantInfo &info);

/// How many names of parameters are in a file.
struct QuantInfoFit {
    std::size_t parameters = 0; ///< of all entries
    std::size_t weights = 0, allWeights = 0; ///< biases may be those of a batch norm that was merged
    /// One or two names, such as "conv1.weight", are in many networks.
    bool isLikely() const { return parameters > 0 && 2 * weights >= allWeights; }
};
QuantInfoFit fitOf(const ModelFile &file, const QuantInfo &info);

} // namespace quantscope::vitis
