#include "open/export_candidates.h"

#include "base/text.h"
#include "dialects/brevitas/presets.h"
#include "dialects/brevitas/scale_rules.h"
#include "dialects/brevitas/spec.h"
#include "open/export_percentile.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <string_view>

namespace quantscope {

namespace {

/// What an export and the keys of the file tell of a quantizer.
enum Trait : unsigned {
    Tensor = 1, ///< one scale
    Channel = 2, ///< several
    PowersOfTwo = 4, ///< every scale is one
    Stored = 8, ///< the file keeps a threshold
    Computed = 16, ///< it keeps none
    Running = 32, ///< it keeps running statistics
    Shifted = 64, ///< unsigned, with a zero point
    Binary = 128,
    TwoBits = 256,
    Normed = 512, ///< it keeps the norm of weight-normalised quantizers
    Accumulator = 1024, ///< and the width of their accumulator
    Affine = 2048, ///< factors for statistics
    Signed = 4096,
    Unsigned = 8192,
};

/// `?` in a preset is Int8 or Uint8, by the export's sign; `$scale`, `$threshold` and `$percentile` are the export's
/// numbers.
struct Row {
    unsigned needs;
    std::string_view preset, keywords;
};

constexpr std::string_view kPot = "restrict_scaling_type=power_of_two";

constexpr std::array kWeights = {
    Row{Accumulator, "Int8AccumulatorAwareWeightQuant", ""},
    Row{Accumulator, "Int8AccumulatorAwareZeroCenterWeightQuant", ""},
    Row{Normed, "Int8WeightNormL2PerChannelFixedPoint", ""},
    Row{Binary | Computed, "SignedBinaryWeightPerTensorConst", ""},
    Row{Binary | Stored | Tensor, "Int8WeightPerTensorFloat",
        "quant_type=binary,scaling_impl_type=parameter_from_stats"},
    Row{Binary | Tensor | Computed, "Int8WeightPerTensorFloat", "quant_type=binary"},
    Row{Binary | Channel | Computed, "Int8WeightPerTensorFloat", "quant_type=binary,scaling_per_output_channel=true"},
    Row{Binary | Tensor | Computed, "Int8WeightPerTensorFloat", "quant_type=binary,scaling_stats_op=ave"},
    Row{Binary | Tensor, "SignedBinaryWeightPerTensorConst", "scaling_const=$scale"},
    Row{TwoBits | Tensor | Computed, "SignedTernaryWeightPerTensorConst", ""},
    // Recomputed from the weights.
    Row{Computed | Shifted | Tensor, "ShiftedUint8WeightPerTensorFloat", ""},
    Row{Computed | Shifted | Tensor | PowersOfTwo, "ShiftedUint8WeightPerTensorFloat", kPot},
    Row{Computed | Shifted | Tensor, "ShiftedUint8WeightPerTensorFloat", "restrict_scaling_type=log_fp"},
    Row{Computed | Shifted | Channel, "ShiftedUint8WeightPerChannelFloat", ""},
    Row{Computed | Shifted | Channel, "ShiftedUint8WeightPerTensorFloat", "scaling_per_output_channel=true"},
    Row{Computed | Tensor | PowersOfTwo, "Int8WeightPerTensorFixedPoint", ""},
    Row{Computed | Tensor | PowersOfTwo, "Int8WeightPerTensorFloat", kPot},
    Row{Computed | Tensor, "Int8WeightPerTensorFloat", ""},
    Row{Computed | Channel | PowersOfTwo, "Int8WeightPerTensorFixedPoint", "scaling_per_output_channel=true"},
    Row{Computed | Channel | PowersOfTwo, "Int8WeightPerTensorFloat",
        "restrict_scaling_type=power_of_two,scaling_per_output_channel=true"},
    Row{Computed | Channel, "Int8WeightPerChannelFloat", ""},
    Row{Computed | Channel, "Int8WeightPerTensorFloat", "scaling_per_output_channel=true"},
    Row{Computed | Affine | Tensor, "Int8WeightPerTensorFloat", "scaling_impl_type=affine_stats"},
    Row{Computed | Tensor, "Int8WeightPerTensorFloat", "scaling_stats_op=ave"},
    Row{Computed | Tensor | PowersOfTwo, "Int8WeightPerTensorFixedPoint", "scaling_stats_op=ave"},
    Row{Computed | Tensor | PowersOfTwo, "Int8WeightPerTensorFloat",
        "restrict_scaling_type=power_of_two,scaling_stats_op=ave"},
    Row{Computed | Tensor, "Int8WeightPerTensorFloat", "scaling_stats_op=max_ave"},
    Row{Computed | Tensor | PowersOfTwo, "Int8WeightPerTensorFixedPoint", "scaling_stats_op=max_ave"},
    Row{Computed | Tensor, "Int8WeightPerTensorFloat", "scaling_impl_type=he"},
    Row{Computed | Tensor, "Int8WeightPerTensorFloat", "scaling_stats_op=mean_sigma_std"},
    Row{Computed | Tensor | PowersOfTwo, "Int8WeightPerTensorFloat",
        "restrict_scaling_type=power_of_two,restrict_value_float_to_int_impl=FloorSte"},
    Row{Computed | Tensor, "Int8WeightPerTensorFloat", "restrict_scaling_type=log_fp"},
    Row{Computed | Channel, "Int8WeightPerTensorFloat", "restrict_scaling_type=log_fp,scaling_per_output_channel=true"},
    Row{Computed | Tensor, "Int8WeightPerTensorFloat", "restrict_scaling_type=log_fp,scaling_stats_op=ave"},
    // Learned, searched or collected.
    Row{Stored | Shifted | Tensor, "ShiftedUint8WeightPerTensorFloatMSE", ""},
    Row{Stored | Shifted | Channel, "ShiftedUint8WeightPerChannelFloatMSE", ""},
    Row{Stored | Tensor | PowersOfTwo, "Int8WeightPerTensorFixedPoint", "scaling_impl_type=parameter_from_stats"},
    Row{Stored | Tensor | PowersOfTwo, "Int8WeightPerTensorFloat",
        "restrict_scaling_type=power_of_two,scaling_impl_type=parameter_from_stats"},
    Row{Stored | Tensor, "Int8WeightPerTensorFloat", "scaling_impl_type=parameter_from_stats"},
    Row{Stored | Channel | PowersOfTwo, "Int8WeightPerTensorFixedPoint",
        "scaling_impl_type=parameter_from_stats,scaling_per_output_channel=true"},
    Row{Stored | Channel | PowersOfTwo, "Int8WeightPerTensorFloat",
        "restrict_scaling_type=power_of_two,scaling_impl_type=parameter_from_stats,scaling_per_output_channel=true"},
    Row{Stored | Channel, "Int8WeightPerTensorFloat",
        "scaling_impl_type=parameter_from_stats,scaling_per_output_channel=true"},
    Row{Stored | Tensor | PowersOfTwo, "Int4WeightPerTensorFixedPointDecoupled", ""},
    Row{Stored | Tensor, "Int4WeightPerTensorFloatDecoupled", ""},
    Row{Stored | Channel, "Int8WeightPerChannelFloatDecoupled", ""},
    Row{Stored | Tensor, "Int8WeightPerTensorFloat",
        "restrict_scaling_type=log_fp,scaling_impl_type=parameter_from_stats"},
    Row{Stored | Tensor, "Int8WeightPerTensorFloat", "scaling_impl_type=parameter"},
    Row{Stored | Tensor | PowersOfTwo, "Int8WeightPerTensorFloat",
        "restrict_scaling_type=power_of_two,scaling_impl_type=parameter"},
    Row{Computed | Tensor, "Int8WeightPerTensorFloat", "high_percentile_q=$percentile,scaling_stats_op=percentile"},
    Row{Computed | Channel, "Int8WeightPerTensorFloat",
        "high_percentile_q=$percentile,scaling_per_output_channel=true,scaling_stats_op=percentile"},
    // Whatever it follows from.
    Row{TwoBits | Tensor, "SignedTernaryWeightPerTensorConst", "scaling_const=$scale"},
    Row{Tensor, "Int8WeightPerTensorFloat", "scaling_impl_type=const,scaling_const=$threshold"},
};

constexpr std::array kActivations = {
    Row{Running, "?ActPerTensorFloatBatchQuant2d", ""},
    Row{Running, "?ActPerTensorFloat", "scaling_impl_type=stats"},
    Row{Shifted, "ShiftedUint8ActPerTensorFloat", ""},
    Row{Shifted, "ShiftedUint8ActPerTensorFloat", kPot},
    Row{Shifted, "ShiftedUint8ActPerTensorFixedPoint", ""},
    Row{Binary | Computed, "SignedBinaryActPerTensorConst", ""},
    Row{Binary | Stored, "Int8ActPerTensorFloat", "quant_type=binary"},
    Row{Binary | Computed | Tensor, "SignedBinaryActPerTensorConst", "min_val=-$scale,max_val=$scale"},
    Row{TwoBits | Computed, "SignedTernaryActPerTensorConst", ""},
    Row{TwoBits | Computed | Tensor, "SignedTernaryActPerTensorConst", "min_val=-$scale,max_val=$scale"},
    Row{PowersOfTwo, "?ActPerTensorFixedPoint", ""},
    Row{PowersOfTwo, "?ActPerTensorFloat", kPot},
    Row{0, "?ActPerTensorFloat", ""},
    Row{Signed, "Int8ActPerTensorFloatMinMaxInit", ""},
    Row{Unsigned, "Uint8ActPerTensorFloatMaxInit", ""},
    Row{Signed | PowersOfTwo, "Int8ActPerTensorFixedPointMinMaxInit", ""},
    Row{Unsigned | PowersOfTwo, "Uint8ActPerTensorFixedPointMaxInit", ""},
    Row{0, "?ActPerTensorFloat", "restrict_scaling_type=log_fp"},
    Row{PowersOfTwo, "?ActPerTensorFloat",
        "restrict_scaling_type=power_of_two,restrict_value_float_to_int_impl=FloorSte"},
    Row{Signed | Computed | Tensor, "Int8ActPerTensorFloatMinMaxInit",
        "scaling_impl_type=const,min_val=-$threshold,max_val=$threshold"},
    Row{Unsigned | Computed | Tensor, "Uint8ActPerTensorFloatMaxInit",
        "scaling_impl_type=const,min_val=0,max_val=$threshold"},
};

constexpr std::array kTruncations = {
    Row{0, "RoundTo8bit", ""},
    Row{0, "TruncTo8bit", ""},
};

/// Of biases; the width follows.
constexpr std::array kInternalBiases = {
    Row{Tensor | PowersOfTwo, "Int8BiasPerTensorFixedPointInternalScaling", ""},
    Row{Tensor, "Int8BiasPerTensorFloatInternalScaling", ""},
    Row{Tensor | PowersOfTwo, "Int8BiasPerTensorFloatInternalScaling", kPot},
};

bool arePowersOfTwo(const std::vector<float> &scales)
{
    return std::ranges::all_of(scales, [](float scale) {
        int exponent = 0;
        return std::frexp(scale, &exponent) == 0.5f;
    });
}

unsigned traitsOf(const BrevitasFacts &facts, SlotIndex index, const Quantizer &told)
{
    const StateQuantizer *keys = facts.keysOf(index);
    const auto has = [&](std::string_view field) { return keys != nullptr && keys->fields.contains(field); };
    const bool norm = has("pre_scaling_impl.value");
    const bool shifted
        = told.zeroPoint && std::ranges::any_of(told.zeroPoint->values, [](float zero) { return zero != 0; });
    unsigned out = told.isSigned.value_or(true) ? Signed : Unsigned;
    const auto add = [&](bool holds, Trait trait) { out |= holds ? trait : 0u; };
    add(told.scale->perTensor(), Tensor);
    // A layer of one output channel has one scale either way.
    add(!told.scale->perTensor() || (!facts.slotOf(index).shape.empty() && facts.slotOf(index).shape[0] == 1), Channel);
    add(arePowersOfTwo(told.scale->values), PowersOfTwo);
    add(has("scaling_impl.value") && !norm, Stored);
    add(!has("scaling_impl.value") && !norm, Computed);
    add(has("scaling_impl.runtime_stats.running_stats"), Running);
    add(shifted || has("zero_point_impl.value") || has("zero_point_impl.buffer")
            || (facts.slotOf(index).slot == Slot::Weight && !told.isSigned.value_or(true)),
        Shifted);
    add(told.kind == QuantizerKind::Binary, Binary);
    add(told.kind != QuantizerKind::Binary && told.bitWidth == 2 && told.isSigned.value_or(false)
            && told.narrow.value_or(false),
        TwoBits);
    add(norm && !has("pre_scaling_impl.accumulator_bit_width.bit_width"), Normed);
    add(has("pre_scaling_impl.accumulator_bit_width.bit_width"), Accumulator);
    add(has("scaling_impl.stats_scaling_impl.affine_rescaling.affine_weight"), Affine);
    return out;
}

void setKeyword(SlotSettings &settings, const std::string &keyword, std::string text)
{
    settings.overrides.emplace_back(keyword, std::move(text));
    settings.overrideEntry[keyword] = 0;
}

/// The preset with the keywords that give what the export says; nullopt where the version has no such thing.
std::optional<SlotSettings> withToldFields(
    SlotSettings settings, const BrevitasFacts &facts, SlotIndex index, const Quantizer &told)
{
    const Preset *preset = findPreset(settings.preset);
    const auto spec = makeSpec(settings, facts.version);
    if (preset == nullptr || !existsIn(*preset, facts.version) || !spec)
        return std::nullopt;
    if ((spec->kind == QuantizerKind::Binary) != (told.kind == QuantizerKind::Binary))
        return std::nullopt;
    if (spec->kind != QuantizerKind::Affine)
        return settings;
    const StateQuantizer *keys = facts.keysOf(index);
    const bool keepsBits = keys != nullptr
        && (keys->fields.contains("msb_clamp_bit_width_impl.bit_width")
            || keys->fields.contains("msb_clamp_bit_width_impl.bit_width_offset"));
    if (told.bitWidth && spec->bits != *told.bitWidth && spec->bits != 0 && !keepsBits)
        setKeyword(settings, "bit_width", std::to_string(*told.bitWidth));
    if (told.isSigned && spec->isSigned != *told.isSigned)
        setKeyword(settings, "signed", *told.isSigned ? "true" : "false");
    if (told.narrow && spec->narrow != *told.narrow)
        setKeyword(settings, "narrow_range", *told.narrow ? "true" : "false");
    return settings;
}

/// A threshold that gives the scale to the last bit under a constant preset; nullopt when none near it does.
std::optional<float> thresholdFor(const SlotSettings &bare, int version, const Quantizer &told)
{
    SlotSettings settings = bare;
    const float scale = told.scale->values.front();
    const auto spec = makeSpec(settings, version);
    if (!spec || spec->kind != QuantizerKind::Affine)
        return std::nullopt;
    QuantizerSpec fitted = *spec;
    const int bits = told.bitWidth.value_or(fitted.bits);
    fitted.isSigned = told.isSigned.value_or(fitted.isSigned);
    fitted.narrow = told.narrow.value_or(fitted.narrow);
    fitted.source = ScaleSource::Constant;
    const float middle = scale * intThreshold(fitted, bits);
    for (const float threshold : {middle, std::nextafter(middle, 0.0f), std::nextafter(middle, HUGE_VALF)}) {
        fitted.constant = threshold;
        if (scaleFromConstant(fitted, bits) == scale)
            return threshold;
    }
    return std::nullopt;
}

/// The percentile of the weights that the export's scales are, if any.
std::optional<float> percentileFor(
    const SlotSettings &bare, const BrevitasFacts &facts, SlotIndex index, const Quantizer &told)
{
    SlotSettings settings = bare;
    const auto spec = makeSpec(settings, facts.version);
    const SlotQuantizer &slot = facts.slotOf(index);
    if (!spec || spec->kind != QuantizerKind::Affine || !slot.tensor
        || (slot.channelAxis != 0 && !told.scale->perTensor()))
        return std::nullopt;
    QuantizerSpec fitted = *spec;
    fitted.isSigned = told.isSigned.value_or(fitted.isSigned);
    fitted.narrow = told.narrow.value_or(fitted.narrow);
    std::vector<float> thresholds = told.scale->values;
    for (float &threshold : thresholds)
        threshold *= intThreshold(fitted, told.bitWidth.value_or(fitted.bits));
    return percentileOf(*slot.tensor, thresholds);
}

/// "a=1,b=$scale" as keywords; false where a number cannot be had.
bool addKeywords(SlotSettings &settings, std::string_view keywords, const BrevitasFacts &facts, SlotIndex index,
    const Quantizer &told)
{
    std::string text(keywords);
    const auto fill = [&](std::string_view word, const std::optional<float> &value) {
        for (std::size_t at = text.find(word); at != std::string::npos; at = text.find(word)) {
            if (!value)
                return false;
            text.replace(at, word.size(), shortest(*value));
        }
        return true;
    };
    if (!fill("$scale", told.scale->values.front()))
        return false;
    if (text.find("$threshold") != std::string::npos
        && !fill("$threshold", thresholdFor(settings, facts.version, told)))
        return false;
    if (text.find("$percentile") != std::string::npos
        && !fill("$percentile", percentileFor(settings, facts, index, told)))
        return false;
    while (!text.empty()) {
        const std::size_t end = std::min(text.find(','), text.size()), is = text.find('=');
        setKeyword(settings, text.substr(0, is), text.substr(is + 1, end - is - 1));
        text.erase(0, end + 1);
    }
    return true;
}

template <class Rows>
void addRows(std::vector<SlotSettings> &out, const Rows &rows, const BrevitasFacts &facts, SlotIndex index,
    const Quantizer &told)
{
    const unsigned traits = traitsOf(facts, index, told);
    for (const Row &row : rows) {
        if ((row.needs & traits) != row.needs)
            continue;
        SlotSettings settings;
        settings.preset = row.preset;
        if (row.preset.starts_with('?'))
            settings.preset.replace(0, 1, told.isSigned.value_or(true) ? "Int8" : "Uint8");
        settings.mentioned = true;
        if (!addKeywords(settings, row.keywords, facts, index, told))
            continue;
        if (auto fitted = withToldFields(std::move(settings), facts, index, told))
            out.push_back(std::move(*fitted));
    }
}

/// The preset of that width, else the narrowest with the keyword.
SlotSettings externalBias(int bits)
{
    SlotSettings settings;
    settings.mentioned = true;
    settings.preset = bits == 16 || bits == 24 || bits == 32 ? "Int" + std::to_string(bits) + "Bias" : "Int8Bias";
    if (settings.preset == "Int8Bias" && bits != 8)
        setKeyword(settings, "bit_width", std::to_string(bits));
    return settings;
}

/// Where the container alone is known: the widths that people use, and those that fit into it.
std::vector<int> widthsOf(const Quantizer &told)
{
    if (told.bitWidth)
        return {*told.bitWidth};
    if (told.storageBits.value_or(32) <= 8)
        return {8, 7, 6, 5, 4, 3, 2};
    return {32, 16, 24, 12, 10, 14, 18, 20, 9, 11, 13, 15, 17, 19, 21, 22, 23, 25, 26, 27, 28, 29, 30, 31};
}

void addBiases(std::vector<SlotSettings> &out, const BrevitasFacts &facts, SlotIndex index, const Quantizer &told)
{
    for (const int bits : widthsOf(told)) {
        SlotSettings external = externalBias(bits);
        if (findPreset(external.preset)->since <= facts.version)
            out.push_back(std::move(external));
    }
    for (const int bits : widthsOf(told)) {
        Quantizer fitted = told;
        fitted.bitWidth = bits;
        addRows(out, kInternalBiases, facts, index, fitted);
    }
    if (facts.version < 110) {
        out.emplace_back().preset = "IntBias";
        out.back().mentioned = true;
    }
}

} // namespace

std::vector<SlotSettings> exportCandidates(const BrevitasFacts &facts, SlotIndex index, const Quantizer &told)
{
    std::vector<SlotSettings> out;
    if (!told.scale || told.scale->values.empty() || told.kind == QuantizerKind::Minifloat)
        return out;
    switch (presetSlot(facts.slotOf(index).slot)) {
    case Slot::Weight: addRows(out, kWeights, facts, index, told); break;
    case Slot::Bias: addBiases(out, facts, index, told); break;
    case Slot::Trunc: addRows(out, kTruncations, facts, index, told); break;
    default: addRows(out, kActivations, facts, index, told); break;
    }
    return out;
}

std::vector<SlotSettings> withOtherRoundings(const BrevitasFacts &facts, SlotIndex index, const SlotSettings &settings)
{
    std::vector<SlotSettings> out;
    if (settings.value("float_to_int_impl_type"))
        return out;
    const StateQuantizer *keys = facts.keysOf(index);
    const bool learned = keys != nullptr && keys->fields.contains("int_quant.float_to_int_impl.value");
    std::vector<std::string> words = {"floor", "ceil", "round_to_zero", "dpu"};
    if (learned)
        words.insert(words.begin(), "learned_round");
    for (const std::string &word : words) {
        SlotSettings &other = out.emplace_back(settings);
        setKeyword(other, "float_to_int_impl_type", word);
        if (!makeSpec(other, facts.version))
            out.pop_back();
    }
    return out;
}

} // namespace quantscope
