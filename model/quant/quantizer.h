#pragma once

#include "base/ids.h"
#include "quant/minifloat.h"
#include "tensor/tensor.h"

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace quantscope {

/// Where a number comes from.
enum class Origin { Read, Computed, Preset, Recipe, Assumed };
std::string_view originName(Origin origin);

/// Origin with its detail: which key, rule, preset or entry; for Assumed why, and what else would fit.
struct Provenance {
    Origin origin = Origin::Assumed;
    std::string detail;
    /// "computed: abs-max, power of two, ceil", or the bare word.
    std::string text() const;
    bool operator==(const Provenance &) const = default;
};

enum class QuantizerKind {
    Affine,
    Binary,
    Ternary,
    Minifloat,
    Codebook, ///< a code is a position in a table of values, which no scale describes
};
std::string_view quantizerKindName(QuantizerKind kind);

/// How a real number becomes an integer. Names as Brevitas (float_to_int_impl_type) and QONNX (rounding_mode) say them.
enum class Rounding {
    Round, ///< half to even
    Ceil,
    Floor,
    RoundToZero, ///< sign(x) * floor(|x|); QONNX "DOWN"
    Up, ///< away from zero
    HalfUp, ///< ties away from zero (QONNX)
    HalfDown, ///< ties to zero (QONNX)
    Dpu, ///< half to even, but a negative tie goes up (Brevitas)
    StdRound, ///< std::round: ties away from zero, without the sum of HalfUp (Vitis AI STD_ROUND)
    DpuRound, ///< std::round, but a negative tie goes up: half toward +infinity (Vitis AI DPU_ROUND)
    LearnedRound,
};
std::string_view roundingName(Rounding rounding);
std::optional<Rounding> roundingFromName(std::string_view name); ///< any case

/// The order of operations between a float and its code; they differ in the last bit. All arithmetic is float32.
enum class CodeRule {
    DivideAddRound, ///< clamp(round(x / scale + zp)): Brevitas, QONNX
    DivideRoundAdd, ///< clamp(round(x / scale) + zp): ONNX QuantizeLinear
    ReciprocalRoundAdd, ///< clamp(round(x * (1 / scale)) + zp): PyTorch
    Stored, ///< the tensor holds the codes; clamp applies a Clip that follows
    Threshold, ///< x >= 0 ? +1 : -1 (binary; -0.0 counts as >= 0)
    TernaryThreshold, ///< sign(x) * (|x| > threshold * scale): Brevitas quant_type=ternary
    BitPattern, ///< minifloat: the code is the stored element's bits
    MinifloatPattern, ///< minifloat: the code is the bit pattern nearest to x / scale
};

/// What a stored decision p of learned rounding does to y = x / scale + zp, in evaluation.
struct LearnedDecision {
    enum class Rule {
        Positive, ///< floor(y) + (p > 0)
        HardSigmoid, ///< floor(y) + (sigmoid(p) * (zeta - gamma) + gamma > 0.5)
        Identity, ///< round(y + clamp(p, -0.5, 0.5))
    };
    Rule rule = Rule::Positive;
    double gamma = -0.1, zeta = 1.1;
    bool operator==(const LearnedDecision &) const = default;
};

/// Scales or zero points: one value, one per slice along `axis`, or one per block.
struct Granular {
    Shape shape; ///< [] per tensor, else what broadcasts against the tensor, such as [16,1,1,1]
    std::optional<int> axis; ///< the axis along which values differ
    std::vector<float> values;

    bool perTensor() const { return values.size() == 1; }
    bool operator==(const Granular &) const = default;
};

/// One quantizer, whatever format it came from. Fields that are not known are nullopt; `origin` says where each known
/// one comes from (keys: scale, zero_point, bit_width, signed, narrow, rounding).
/// value = (code - zero point) * scale, in float32.
struct Quantizer {
    QuantizerKind kind = QuantizerKind::Affine;
    std::optional<int> bitWidth; ///< what the codes need, by the file's own word
    std::optional<int> storageBits; ///< the container's, where the file has no better
    std::optional<bool> isSigned;
    std::optional<bool> narrow; ///< the most negative (unsigned: the largest) code is never used
    Rounding rounding = Rounding::Round;
    CodeRule rule = CodeRule::DivideAddRound;
    std::optional<Granular> scale;
    std::optional<Granular> zeroPoint;
    std::optional<int> blockSize;
    /// What x is divided by where it is not the scale (decoupled, weight-normalised quantizers).
    std::optional<Granular> divisor;
    MinifloatFormat minifloat; ///< only for CodeRule::MinifloatPattern
    float ternaryThreshold = 0.5f; ///< only for CodeRule::TernaryThreshold
    /// What zero-centred quantizers add to x / divisor before rounding, per channel.
    std::optional<Granular> shift;
    std::shared_ptr<const TensorInfo> learnedRounding; ///< stored decisions
    LearnedDecision learnedDecision;
    bool opaque = false; ///< its fields are known, but not how a number becomes a code
    std::map<std::string, Provenance> origin;

    bool operator==(const Quantizer &) const = default;
    /// Everything that codes need is known.
    bool isComplete() const { return !opaque && scale && zeroPoint && isSigned && (bitWidth || storageBits); }
    /// Enough is known to tell codes: those that the tensor itself stores need no scale.
    bool knowsCodes() const
    {
        return isComplete() || (rule == CodeRule::Stored && !opaque && !scale && isSigned && (bitWidth || storageBits));
    }
    /// Bits that a code occupies: bitWidth, else storageBits; binary codes (-1, +1) need 2 in two's complement.
    int wordBits() const;
};

/// The integer limits of Brevitas' table (facts: signed/unsigned, full/narrow): exact in int64 for bits 1..62.
struct CodeRange {
    std::int64_t min = 0;
    std::int64_t max = 0;
    /// At most 2^64 - 1, which the codes of 64 bits exceed by one.
    std::uint64_t size() const
    {
        const std::uint64_t steps = static_cast<std::uint64_t>(max) - static_cast<std::uint64_t>(min);
        return steps + (steps == ~0ull ? 0u : 1u);
    }
};
CodeRange codeRange(int bits, bool isSigned, bool narrow);
/// Of a complete quantizer; binary gives -1..1.
CodeRange codeRange(const Quantizer &quantizer);

/// How a quantizer compares with what the live model computed, where a recipe has a proof of it.
enum class ProofVerdict { None, Confirmed, Differs };

/// One factor for each slice along an axis, by which the values of a tensor were multiplied before they were rounded.
struct ChannelFactors {
    int axis = 0;
    std::vector<double> values;
    std::string from; ///< file name of the export that shows them
    bool operator==(const ChannelFactors &) const = default;
};

/// An operator between a stored tensor's quantizer and the layer that reads it, which only moves elements.
struct LayoutStep {
    std::string op; ///< "Transpose", "Reshape", ...
    std::vector<std::int64_t> values; ///< perm of Transpose, else the shape that it makes; empty when not known
    bool operator==(const LayoutStep &) const = default;
};

/// Two values of the graph between which a quantizer stands, as positions in Graph::values: what flows in (of a tensor
/// that is stored as codes those codes), and its dequantized values. Another quantizer can stand there in its place.
/// They are one value where nothing quantizes a tensor of the file yet, and where an operator makes or reads codes of
/// the data.
struct GraphSpan {
    std::uint32_t from = 0;
    std::uint32_t to = 0;
    bool operator==(const GraphSpan &) const = default;
};

/// What one slot of one layer has: its tensor (null for activations), its quantizer, and how that was decided.
struct SlotQuantizer {
    Slot slot = Slot::Weight;
    std::string tensorName; ///< empty for activations
    std::shared_ptr<const TensorInfo> tensor;
    Shape shape;
    int channelAxis = 0; ///< axis of the tensor with the output channels (1 in transposed convolutions); -1: none has
    bool channelsLast = false; ///< a convolution's weight in the order out, kernel, in
    std::vector<LayoutStep> chain; ///< what the tensor passes behind its quantizer, until the layer reads it
    /// Position in ModelFile::tensors of the parameter that its scale comes from; slots of one storage are one
    /// quantizer.
    std::optional<std::size_t> storedScale;
    /// Positions in ModelFile::tensors of what its tensor and its quantizer are made of, beside a tensor of its own.
    std::vector<std::size_t> sources;
    /// One for each use of it in the graph; empty where its numbers are no value of their own there, or there is no
    /// graph.
    std::vector<GraphSpan> spans;
    /// How its tensor follows from others: "conv.weight_orig * conv.weight_mask"; empty for one that the file holds.
    std::string computed;
    std::optional<Quantizer> quantizer; ///< nullopt: a float tensor without a quantizer, or one that cannot be known
    std::string preset; ///< Brevitas preset in force, empty when the file itself says everything
    std::vector<std::pair<std::string, std::string>> overrides; ///< keyword -> value as text, in recipe order
    std::string sharedWith; ///< "LAYER:SLOT" whose quantizer object this is
    std::string input; ///< layer whose output scale an external bias uses
    std::string formula; ///< how the scale was computed, with this layer's numbers; plain text, lines by \n
    bool presetAssumed = false; ///< nobody named the preset, or nobody has confirmed it
    std::optional<int> accumulatorBits; ///< of a weight: what its layer's sums are given, where file or recipe says it
    bool assumed = false; ///< some field of the quantizer is assumed
    std::vector<std::string> alternatives; ///< other presets that fit as well, best first
    ProofVerdict proof = ProofVerdict::None;
    std::string proofDifference; ///< field and first index that differ, as a sentence without the slot's name
    std::string proofBy; ///< file name of the export that is the proof; empty for the live model of a recipe
    std::optional<ChannelFactors> equalized; ///< why its codes are others in an export, where that is the reason

    /// The tensor's bytes are there and everything that codes need is known.
    bool isReadable() const { return tensor && tensor->readable() && quantizer && quantizer->knowsCodes(); }
    /// And the codes are integers.
    bool hasCodes() const { return isReadable() && quantizer->kind != QuantizerKind::Minifloat; }
    /// And what they stand for is known.
    bool hasValues() const { return isReadable() && quantizer->isComplete(); }
    /// The tensor's elements are the codes themselves, and no floats that codes are computed from.
    bool holdsCodes() const
    {
        return tensor
            && (!isFloating(tensor->dtype)
                || (quantizer && (quantizer->rule == CodeRule::Stored || quantizer->rule == CodeRule::BitPattern)));
    }
};

} // namespace quantscope
