#include "run/torch/observed_places.h"

#include <algorithm>

namespace quantscope {

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
