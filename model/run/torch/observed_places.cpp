#include "run/torch/observed_places.h"

#include "run/torch/quantize_tensor.h"

#include <algorithm>

namespace quantscope {

namespace {

std::vector<at::Tensor> floatsOfEach(const LaneValues &values, std::size_t pieces, const Quantizer *quantizer)
{
    std::vector<at::Tensor> out;
    for (std::size_t i = 0; i < pieces; ++i) {
        auto floats = floatsIn(values.at(i), quantizer);
        if (!floats)
            return {};
        out.push_back(std::move(*floats));
    }
    return out;
}

} // namespace

std::vector<SeenTensors> seenPieces(
    const LaneValues &from, const LaneValues &to, std::size_t pieces, const Quantizer *quantizer)
{
    const std::vector<at::Tensor> inputs = floatsOfEach(from, pieces, quantizer);
    const std::vector<at::Tensor> outputs = &from == &to ? inputs : floatsOfEach(to, pieces, quantizer);
    if (inputs.empty() || outputs.empty())
        return {};
    if (const auto input = joinedPieces(inputs), output = joinedPieces(outputs); input && output)
        return {{*input, *output}};
    std::vector<SeenTensors> out;
    for (std::size_t i = 0; i < pieces; ++i)
        out.push_back({inputs[i], outputs[i]});
    return out;
}

std::vector<ObservedPlace> observedPlaces(const RunGraph &graph)
{
    std::vector<ObservedPlace> out;
    for (std::size_t i = 0; i < graph.sites().size(); ++i)
        if (const RunSite &site = graph.sites()[i]; site.isActivation)
            out.push_back({i, {}, site.span.from, site.span.to});
    for (const LayerResult &result : graph.results())
        out.push_back({std::nullopt, result.layer, result.value, result.value});
    const auto position = [&](const ObservedPlace &place) {
        const auto producer = graph.graph().values[place.to].producer;
        return producer ? graph.position(*producer) : 0;
    };
    std::ranges::stable_sort(out, {}, position);
    return out;
}

} // namespace quantscope
