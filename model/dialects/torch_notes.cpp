#include "dialects/torch_notes.h"

#include "base/text.h"

#include <algorithm>
#include <string>
#include <string_view>
#include <vector>

#include <fmt/format.h>

namespace quantscope {

namespace {

constexpr std::string_view kMinimum = ".min_val";
constexpr std::string_view kObserver = ".activation_post_process";
constexpr std::size_t kMostNamed = 4;
constexpr std::uint64_t kMostChannels = 1u << 20;

/// A fake quantizer's observer stands beside or below the scale that was made of what it saw.
bool hasScale(const ModelFile &file, std::string_view owner)
{
    while (true) {
        if (file.find(fmt::format("{}.scale", owner)))
            return true;
        if (!owner.ends_with(kObserver))
            return false;
        owner.remove_suffix(kObserver.size());
    }
}

/// "-1.5 to 3", over all channels.
std::string seenText(const TensorInfo &minimum, const TensorInfo &maximum)
{
    try {
        const std::vector<float> low = readFloats(minimum, kMostChannels), high = readFloats(maximum, kMostChannels);
        if (low.empty() || high.empty() || *std::ranges::min_element(low) > *std::ranges::max_element(high))
            return "nothing";
        return fmt::format(
            "{} to {}", shortest(*std::ranges::min_element(low)), shortest(*std::ranges::max_element(high)));
    } catch (const ParseError &) {
        return "what cannot be read";
    }
}

void noteObservers(Network &network)
{
    const ModelFile &file = *network.file;
    std::vector<std::string> seen;
    std::size_t count = 0;
    for (const TensorInfo &tensor : file.tensors) {
        if (!tensor.name.ends_with(kMinimum) || !tensor.name.starts_with(file.shownPrefix()))
            continue;
        const std::string owner = tensor.name.substr(0, tensor.name.size() - kMinimum.size());
        const auto maximum = file.find(owner + ".max_val");
        if (!maximum || hasScale(file, owner) || ++count > kMostNamed)
            continue;
        seen.push_back(fmt::format("{} saw {}", printable(owner), seenText(tensor, file.tensors[*maximum])));
    }
    if (count == 0)
        return;
    const bool one = count == 1;
    network.diagnostics.push_back({"observers-only", Severity::Note, "",
        fmt::format("{} of torch.ao {} what {} saw (min_val, max_val) and no scale: {} shown as no quantizer before "
                    "the model is converted; {}{}",
            one ? "an observer" : fmt::format("{} observers", count), one ? "keeps" : "keep", one ? "it" : "they",
            one ? "it is" : "they are", fmt::join(seen, ", "), count > kMostNamed ? ", ..." : "")});
}

/// linear_prepack_fp16 and its kin hand weights back as float32 that hold float16.
void noteHalfWeights(Network &network)
{
    std::vector<std::string> names;
    std::size_t count = 0;
    DType kept = DType::Float32;
    for (const Layer &layer : network.layers) {
        const SlotQuantizer *weight = layer.slot(Slot::Weight);
        const bool isHalf = weight != nullptr && !weight->quantizer && weight->tensor
            && weight->tensorName.find("_packed_params") != std::string::npos && isFloating(weight->tensor->dtype);
        if (isHalf && ++count <= kMostNamed) {
            names.push_back(printable(layer.name));
            kept = weight->tensor->dtype;
        }
    }
    if (count > 0)
        network.diagnostics.push_back({"weight-float16", Severity::Note, "",
            fmt::format("torch.ao computes with the weight of {}{} in float16, which the file keeps as {}: it has no "
                        "integers",
                fmt::join(names, ", "), count > kMostNamed ? ", ..." : "", dtypeName(kept))});
}

} // namespace

void noteTorchAo(Network &network)
{
    if (network.file->format == "onnx")
        return;
    noteObservers(network);
    noteHalfWeights(network);
}

} // namespace quantscope
