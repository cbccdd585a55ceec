#pragma once

#include "base/ids.h"
#include "graph/model_file.h"

#include <optional>
#include <string>
#include <string_view>

namespace quantscope {

/// What the name of a tensor says in a checkpoint of torch.ao.quantization.
struct AoKey {
    enum class Part { Weight, Bias, Quantizer };
    Part part = Part::Weight;
    std::string layer;
    Slot slot = Slot::Weight; ///< of a quantizer; Output also where a layer without a weight will make it Act
    std::string field; ///< of a quantizer: "scale", "zero_point", "min_val", "max_val", "eps"
    std::string kind; ///< of the layer, where the name tells it
};

/// The names of static, dynamic, FX and quantization-aware models of torch.ao, as state_dicts, pickled modules and
/// TorchScript archives have them: packed parameters, outputs' scales, fake quantizers and observers.
class AoKeys {
public:
    /// `prefix` stands before every name that is asked for.
    AoKeys(const ModelFile &file, std::string prefix);
    /// The file is one of torch.ao: it has quantized tensors, packed parameters, fake quantizers or observers.
    bool any() const { return m_any; }
    /// Of the tensor at that position, whose name below the prefix is `name`; nothing for other names, "weight" and
    /// "bias" among them.
    std::optional<AoKey> of(std::string_view name, std::size_t index) const;

private:
    std::optional<AoKey> parameter(std::string_view name, std::size_t index) const;
    std::optional<AoKey> recurrent(std::string_view name) const;
    std::optional<AoKey> cell(std::string_view name) const;
    std::optional<AoKey> quantizer(std::string_view name, std::size_t index) const;
    const TensorInfo *sibling(std::string_view owner, std::string_view leaf) const;
    bool isQuantized(const TensorInfo *tensor) const { return tensor != nullptr && tensor->affine.has_value(); }

    const ModelFile &m_file;
    std::string m_prefix;
    bool m_any = false;
};

/// "LSTM", "GRU" or "RNN" by the gates that a matrix of hidden weights stacks; "LSTM" where a projection hides them.
std::string recurrentKind(const Shape &hidden);

} // namespace quantscope
