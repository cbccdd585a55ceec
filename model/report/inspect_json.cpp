#include "report/inspect.h"

#include "base/file_name.h"
#include "network/feeds.h"
#include "quant/quantizer_json.h"

#include <nlohmann/json.hpp>

namespace quantscope {

namespace {

using Json = nlohmann::ordered_json;

template <class T> Json orNull(const std::optional<T> &value) { return value ? Json(*value) : Json(nullptr); }

/// The fields of the quantizer itself; all null when it is not known.
void addQuantizer(Json &out, const std::optional<Quantizer> &q)
{
    const bool known = q.has_value();
    out["kind"] = known ? Json(quantizerKindName(q->kind)) : Json(nullptr);
    out["bit_width"] = known ? orNull(q->bitWidth) : Json(nullptr);
    out["storage_bits"] = known ? orNull(q->storageBits) : Json(nullptr);
    out["signed"] = known ? orNull(q->isSigned) : Json(nullptr);
    out["narrow"] = known ? orNull(q->narrow) : Json(nullptr);
    out["rounding"] = known ? Json(roundingName(q->rounding)) : Json(nullptr);
    out["scale"] = known && q->scale ? granularJson(*q->scale, true) : Json(nullptr);
    out["zero_point"] = known && q->zeroPoint ? granularJson(*q->zeroPoint, false) : Json(nullptr);
    if (known && q->blockSize)
        out["block_size"] = *q->blockSize;
    out["frac_bits"] = known ? fracBitsJson(*q) : Json(nullptr);
    out["int_bits"] = known ? intBitsJson(*q) : Json(nullptr);
}

void addStatistics(Json &out, const SlotQuantizer &slot, const SlotStatistics *s, const InspectOptions &options)
{
    // The codes of a minifloat are bit patterns: their order means nothing.
    const bool integers = s != nullptr && s->count > 0 && slot.quantizer->kind != QuantizerKind::Minifloat;
    out["codes_min"] = integers ? Json(s->codesMin) : Json(nullptr);
    out["codes_max"] = integers ? Json(s->codesMax) : Json(nullptr);
    out["count"] = slot.tensor ? Json(slot.tensor->count()) : Json(nullptr);
    out["at_limit"] = integers ? Json(s->atLimit) : Json(nullptr);
    out["clipped"] = integers ? orNull(s->clipped) : Json(nullptr);
    out["sqnr_db"] = s != nullptr ? orNull(s->error.sqnrDb()) : Json(nullptr);
    if (!options.hash)
        return;
    if (!slot.quantizer || slot.quantizer->rule != CodeRule::MinifloatPattern)
        out["codes_sha256_i32"] = s != nullptr ? orNull(s->codesSha256) : Json(nullptr);
    out["value_sha256"] = s != nullptr ? orNull(s->valueSha256) : Json(nullptr);
}

Json slotJson(
    const Layer &layer, const SlotQuantizer &slot, const StatisticsMap &statistics, const InspectOptions &options)
{
    Json out;
    out["slot"] = slot.slot;
    out["tensor"] = slot.tensorName.empty() ? Json(nullptr) : Json(slot.tensorName);
    out["shape"] = slot.tensor ? Json(slot.shape) : Json(nullptr);
    out["dtype"] = slot.tensor ? Json(dtypeName(slot.tensor->dtype)) : Json(nullptr);
    addQuantizer(out, slot.quantizer);
    const auto found = statistics.find({layer.id, slot.slot});
    addStatistics(out, slot, found == statistics.end() ? nullptr : &found->second, options);
    out["origin"] = Json::object();
    if (slot.quantizer)
        for (const auto &[field, origin] : slot.quantizer->origin)
            out["origin"][field] = origin.text();
    if (!slot.preset.empty())
        out["preset"] = slot.preset;
    if (!slot.sharedWith.empty())
        out["shared_with"] = slot.sharedWith;
    if (!slot.input.empty())
        out["input"] = slot.input;
    if (!slot.formula.empty())
        out["formula"] = slot.formula;
    out["assumed"] = slot.assumed;
    if (!slot.alternatives.empty())
        out["alternatives"] = slot.alternatives;
    return out;
}

Json layerJson(
    const Network &network, const Layer &layer, const StatisticsMap &statistics, const InspectOptions &options)
{
    Json out;
    out["name"] = layer.name;
    out["kind"] = layer.kind;
    out["kind_assumed"] = layer.kindAssumed;
    if (const auto names = fedByNames(network, layer.id); !names.empty())
        out["fed_by"] = names;
    if (const auto names = feedsNames(network, layer.id); !names.empty())
        out["feeds"] = names;
    if (!layer.batchNorm.empty())
        out["batch_norm"] = {{"name", layer.batchNorm}, {"merged", layer.batchNormMerged}};
    out["quantizers"] = Json::array();
    for (const SlotQuantizer &slot : layer.slots)
        out["quantizers"].push_back(slotJson(layer, slot, statistics, options));
    return out;
}

Json tensorsJson(const ModelFile &file, const InspectOptions &options)
{
    Json out = Json::array();
    for (const TensorInfo &tensor : file.tensors) {
        Json item{{"name", tensor.name}, {"dtype", dtypeName(tensor.dtype)}, {"shape", tensor.shape}};
        if (options.hash) {
            item["sha256"] = nullptr;
            try {
                if (tensor.readable())
                    item["sha256"] = tensorSha256(tensor);
            } catch (const ParseError &) {
                // null: the diagnostics name it
            }
        }
        out.push_back(std::move(item));
    }
    return out;
}

} // namespace

Json inspectJson(const Network &network, const StatisticsMap &statistics, const InspectOptions &options)
{
    const std::string &path = network.file->path;
    Json out;
    out["schema"] = 1;
    out["file"] = fileName(path);
    out["format"] = network.file->format;
    out["dialect"] = traitsOf(network.dialect).name;
    if (traitsOf(network.dialect).takesRecipe) {
        out["recipe"] = {{"file", network.recipe.path.empty() ? Json(nullptr) : Json(fileName(network.recipe.path))},
            {"brevitas", network.recipe.brevitas.value_or("0.10.2")},
            {"confirmed_by", network.confirmedBy.empty() ? Json(nullptr) : Json(network.confirmedBy)}};
    }
    out["layers"] = Json::array();
    for (const Layer &layer : network.layers)
        out["layers"].push_back(layerJson(network, layer, statistics, options));
    out["diagnostics"] = Json::array();
    for (const Diagnostic &d : network.diagnostics)
        out["diagnostics"].push_back({{"rule", d.rule}, {"severity", severityName(d.severity)},
            {"layer", subjectName(network, d.subject)}, {"text", d.text}});
    if (options.tensors)
        out["tensors"] = tensorsJson(*network.file, options);
    return out;
}

} // namespace quantscope
