#include "report/inspect_json.h"

#include "base/file_name.h"
#include "base/parallel.h"
#include "network/arrivals.h"
#include "network/dpu_shifts.h"
#include "network/feeds.h"
#include "network/unconfirmed.h"
#include "quant/known_rounding.h"
#include "quant/quantizer_json.h"
#include "report/json_text.h"

namespace quantscope {

namespace {

using Json = nlohmann::ordered_json;

/// The fields of the quantizer itself; all null when it is not known.
void addQuantizer(Json &out, const std::optional<Quantizer> &q)
{
    const bool known = q.has_value();
    out["kind"] = known ? Json(quantizerKindName(q->kind)) : Json(nullptr);
    out["bit_width"] = known ? orNull(q->bitWidth) : Json(nullptr);
    out["storage_bits"] = known ? orNull(q->storageBits) : Json(nullptr);
    out["signed"] = known ? orNull(q->isSigned) : Json(nullptr);
    out["narrow"] = known ? orNull(q->narrow) : Json(nullptr);
    const auto rounding = known ? knownRounding(*q) : std::nullopt;
    out["rounding"] = rounding ? Json(roundingName(*rounding)) : Json(nullptr);
    out["scale"] = known && q->scale ? granularJson(*q->scale, true) : Json(nullptr);
    out["zero_point"] = known && q->zeroPoint ? granularJson(*q->zeroPoint, false) : Json(nullptr);
    if (known && q->blockSize)
        out["block_size"] = *q->blockSize;
    out["frac_bits"] = known ? fracBitsJson(*q) : Json(nullptr);
    out["int_bits"] = known ? intBitsJson(*q) : Json(nullptr);
}

void addStatistics(Json &out, const Network &network, const SlotQuantizer &slot, const SlotStatistics *s,
    const InspectOptions &options)
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
    // The bit patterns of a minifloat count where the file itself says the format.
    const bool patterns = slot.quantizer && slot.quantizer->rule == CodeRule::MinifloatPattern;
    if (!patterns || traitsOf(network.dialect).saysItself)
        out["codes_sha256_i32"] = s != nullptr ? orNull(s->codesSha256) : Json(nullptr);
    out["value_sha256"] = s != nullptr ? orNull(s->valueSha256) : Json(nullptr);
}

Json slotJson(
    const Network &network, const SlotQuantizer &slot, const SlotStatistics *statistics, const InspectOptions &options)
{
    Json out;
    out["slot"] = slot.slot;
    out["tensor"] = slot.tensorName.empty() ? Json(nullptr) : Json(slot.tensorName);
    out["shape"] = slot.tensor ? Json(slot.shape) : Json(nullptr);
    for (const LayoutStep &step : slot.chain)
        out["after"].push_back({{"op", step.op}, {step.op == "Transpose" ? "perm" : "shape", step.values}});
    out["dtype"] = slot.tensor ? Json(dtypeName(slot.tensor->dtype)) : Json(nullptr);
    addQuantizer(out, slot.quantizer);
    addStatistics(out, network, slot, statistics, options);
    out["origin"] = Json::object();
    if (!slot.computed.empty())
        out["origin"]["tensor"] = Provenance{Origin::Computed, slot.computed}.text();
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
    out["assumed"] = isUnconfirmed(network, slot);
    if (slot.proof != ProofVerdict::None)
        out["proof"] = slot.proof == ProofVerdict::Confirmed ? "confirmed" : "differs";
    if (!slot.proofDifference.empty())
        out["proof_difference"] = slot.proofDifference;
    if (slot.equalized)
        out["equalized"]
            = {{"axis", slot.equalized->axis}, {"factors", slot.equalized->values}, {"from", slot.equalized->from}};
    if (!slot.alternatives.empty())
        out["alternatives"] = slot.alternatives;
    return out;
}

/// Null where a position is not known; absent for networks that are not the DPU's.
void addShifts(Json &out, const DpuShifts &shifts)
{
    const auto add = [&](const std::string &name, const std::optional<DpuShift> &shift) {
        out[name] = shift ? Json(shift->value) : Json(nullptr);
        if (shift)
            out[name + "_range"] = {orNull(shift->lowest), shift->highest};
    };
    add("shift_cut", shifts.cut);
    add("shift_bias", shifts.biasShift);
    out["positions"] = {{"weight", orNull(shifts.weight)}, {"input", orNull(shifts.input)},
        {"output", orNull(shifts.output)}, {"bias", orNull(shifts.bias)}};
}

Json layerJson(
    const Inspection &inspection, const Arrivals &arrivals, const Layer &layer, const InspectOptions &options)
{
    Json out;
    out["name"] = layer.name;
    out["kind"] = layer.kind;
    out["kind_assumed"] = layer.kindAssumed;
    if (const auto names = fedByNames(*inspection.network, layer.id); !names.empty())
        out["fed_by"] = names;
    if (const auto names = feedsNames(*inspection.network, layer.id); !names.empty())
        out["feeds"] = names;
    for (const SlotId &slot : inputQuantizers(arrivals, layer.id))
        out["input_quantizers"].push_back({{"layer", inspection.network->layer(slot.layer).name}, {"slot", slot.slot}});
    if (!layer.batchNorm.empty())
        out["batch_norm"] = {{"name", layer.batchNorm}, {"merged", layer.batchNormMerged}};
    out["quantizers"] = Json::array();
    for (const SlotQuantizer &slot : layer.slots)
        out["quantizers"].push_back(slotJson(*inspection.network, slot, inspection.of({layer.id, slot.slot}), options));
    return out;
}

/// Null where a tensor cannot be read: the diagnostics name it.
std::vector<Json> tensorHashes(const ModelFile &file)
{
    std::vector<Json> out(file.tensors.size());
    parallelFor(out.size(), [&](std::size_t i) {
        try {
            if (file.tensors[i].readable())
                out[i] = tensorSha256(file.tensors[i]);
        } catch (const ParseError &) {
            out[i] = nullptr;
        }
    });
    return out;
}

Json tensorsJson(const ModelFile &file, const InspectOptions &options)
{
    const std::vector<Json> hashes = options.hash ? tensorHashes(file) : std::vector<Json>();
    Json out = Json::array();
    for (std::size_t i = 0; i < file.tensors.size(); ++i) {
        const TensorInfo &tensor = file.tensors[i];
        Json item{{"name", tensor.name}, {"dtype", dtypeName(tensor.dtype)}, {"shape", tensor.shape}};
        if (options.hash)
            item["sha256"] = hashes[i];
        out.push_back(std::move(item));
    }
    return out;
}

} // namespace

Json inspectJson(const Inspection &inspection, const InspectOptions &options)
{
    const Network &network = *inspection.network;
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
        if (!network.recipe.takenFrom.empty())
            out["recipe"]["taken_from"] = network.recipe.takenFrom;
    }
    if (const auto parts = network.file->weightParts(); parts.size() > 1) {
        const ModelPart *shown = network.file->shown();
        out["part"] = shown != nullptr ? Json(shown->name) : Json(nullptr);
        out["parts"] = parts;
    }
    out["layers"] = Json::array();
    const Arrivals arrivals(network);
    for (const Layer &layer : network.layers)
        out["layers"].push_back(layerJson(inspection, arrivals, layer, options));
    if (!options.list)
        for (const DpuShifts &shifts : dpuShifts(arrivals))
            addShifts(out["layers"][position(shifts.layer)], shifts);
    out["diagnostics"] = Json::array();
    for (const Diagnostic &d : inspection.diagnostics)
        out["diagnostics"].push_back({{"rule", d.rule}, {"severity", severityName(d.severity)},
            {"layer", subjectName(network, d.subject)}, {"text", d.text}});
    if (inspection.muted > 0)
        out["muted"] = inspection.muted;
    if (options.tensors)
        out["tensors"] = tensorsJson(*network.file, options);
    return out;
}

} // namespace quantscope
