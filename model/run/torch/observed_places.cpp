#include "run/torch/observed_places.h"

#include <algorithm>

namespace quantscope {

std::vector<ObservedPlace> observedPlaces(const RunGraph &graph)
{
    std::vector<ObservedPlace> out;
    for (std::size_t i = 0; i < graph.sites().size(); ++i)
        if (const RunSite &site = graph.sites()[i]; site.isActivation && site.span.from != site.span.to)
            out.push_back({i, {}, site.span.from, site.span.to});
    for (const LayerResult &result : graph.results()) {
        const auto known = std::ranges::find_if(
            out, [&](const ObservedPlace &place) { return !place.site && place.to == result.value; });
        if (known != out.end())
            known->layers.push_back(result.layer);
        else
            out.push_back({std::nullopt, {result.layer}, result.value, result.value});
    }
    const auto position = [&](const ObservedPlace &place) {
        const auto producer = graph.graph().values[place.to].producer;
        return producer ? graph.position(*producer) : 0;
    };
    std::ranges::stable_sort(out, {}, position);
    return out;
}

} // namespace quantscope
