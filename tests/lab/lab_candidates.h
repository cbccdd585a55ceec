#pragma once

#include "lab/compare.h"
#include "support/golden.h"
#include "support/paths.h"
#include "support/recipes.h"
#include "support/state_file.h"

#include <string>
#include <vector>

namespace quantscope::test {

inline std::vector<CandidateText> candidates(const std::vector<std::string> &texts)
{
    std::vector<CandidateText> out;
    for (const std::string &text : texts)
        if (auto parsed = parseCandidate(text))
            out.push_back(std::move(*parsed));
    return out;
}

inline Result<SlotComparison> compared(const Network &network, const std::string &layer,
    const std::vector<std::string> &texts, const CompareOptions &options = {.slot = Slot::Weight, .hash = true})
{
    auto all = compareCandidates(network, {layer}, candidates(texts), options);
    if (!all)
        return tl::unexpected(all.error());
    return std::move(all->front());
}

/// The recipe of a model of Brevitas 0.10.2.
inline std::string goldenRecipe(const std::string &stem)
{
    return recipeOfGolden(golden(data("brevitas/0.10.2/" + stem + ".json")));
}

/// A network of one float layer "fc" of one row.
inline Network oneLayer(std::vector<float> values, const std::string &recipe = {})
{
    const Shape shape{1, static_cast<std::int64_t>(values.size())};
    return *recovered({{"fc.weight", shape, std::move(values)}}, recipe);
}

} // namespace quantscope::test
