#include "report/branch_sums.h"

#include <algorithm>

namespace quantscope {

namespace {

void addTo(std::optional<std::uint64_t> &sum, const std::optional<std::uint64_t> &more)
{
    if (more)
        sum = sum.value_or(0) + *more;
}

void widen(BranchSums::Widths &widths, const std::optional<int> &least, const std::optional<int> &most, bool isUnsigned)
{
    if (!least || !most)
        return;
    widths.least = std::min(widths.least.value_or(*least), *least);
    widths.most = std::max(widths.most.value_or(*most), *most);
    widths.allUnsigned = widths.allUnsigned && isUnsigned;
}

void takeWorse(BranchSums &sums, const std::optional<double> &db, const std::string &layer)
{
    if (db && (!sums.worstSqnrDb || *db < *sums.worstSqnrDb)) {
        sums.worstSqnrDb = db;
        sums.worstLayer = layer;
    }
}

void takeMore(BranchSums &sums, const std::optional<double> &share, const std::string &layer)
{
    if (share && (!sums.mostAtLimit || *share > *sums.mostAtLimit)) {
        sums.mostAtLimit = share;
        sums.mostAtLimitLayer = layer;
    }
}

void addProblems(BranchSums &sums, std::size_t problems, Severity worst)
{
    sums.problems += problems;
    sums.worst = std::min(sums.worst, worst);
}

std::string widthsText(const BranchSums::Widths &widths)
{
    if (!widths.least)
        return {};
    const std::string sign = widths.allUnsigned ? "u" : "";
    const std::string least = sign + std::to_string(*widths.least);
    return *widths.least == *widths.most ? least : least + " … " + sign + std::to_string(*widths.most);
}

} // namespace

void BranchSums::add(const LayerRow &layer)
{
    ++layers;
    weightLayers += layer.hasWeights ? 1u : 0u;
    addTo(parameters, layer.parameters);
    addTo(codeBits, layer.codeBits);
    takeWorse(*this, layer.sqnrDb, layer.name);
    takeMore(*this, layer.atLimitShare, layer.name);
    addProblems(*this, layer.problems, layer.worst);
    assumed = assumed || layer.assumed;
    contradicted = contradicted || layer.contradicted;
    widen(layer.hasWeights ? weights : others, layer.bitWidth, layer.bitWidth, layer.bits.starts_with('u'));
}

void BranchSums::add(const BranchSums &branch)
{
    layers += branch.layers;
    weightLayers += branch.weightLayers;
    addTo(parameters, branch.parameters);
    addTo(codeBits, branch.codeBits);
    takeWorse(*this, branch.worstSqnrDb, branch.worstLayer);
    takeMore(*this, branch.mostAtLimit, branch.mostAtLimitLayer);
    addProblems(*this, branch.problems, branch.worst);
    assumed = assumed || branch.assumed;
    contradicted = contradicted || branch.contradicted;
    widen(weights, branch.weights.least, branch.weights.most, branch.weights.allUnsigned);
    widen(others, branch.others.least, branch.others.most, branch.others.allUnsigned);
}

LayerRow branchRow(const std::string &name, const BranchSums &sums)
{
    LayerRow row;
    row.name = name;
    row.parameters = sums.parameters;
    row.codeBits = sums.codeBits;
    row.bits = widthsText(sums.widths());
    row.bitWidth = sums.widths().least;
    row.sqnrDb = sums.worstSqnrDb;
    row.atLimitShare = sums.mostAtLimit;
    row.problems = sums.problems;
    row.worst = sums.worst;
    row.hasWeights = sums.weightLayers > 0;
    row.assumed = sums.assumed;
    row.contradicted = sums.contradicted;
    return row;
}

} // namespace quantscope
