#pragma once

#include "dialects/brevitas/spec.h"

#include <span>
#include <string>
#include <vector>

namespace quantscope {

/// From a threshold to a scale, in float32 and in Brevitas' order of operations for the spec's version.
/// Source: Brevitas 0.6.0 to 0.12.1, core/restrict_val.py, core/scaling/, core/quant/int.py.

/// Its own, or the one that it shares.
IntScaling intScalingOf(const QuantizerSpec &spec);
/// Largest code magnitude that the threshold is divided by; chosen by the restriction, not by the preset's name.
float intThreshold(const QuantizerSpec &spec, int bits);

/// log2 as torch rounds it: in double, then to float32. Just above a power of two it can collapse onto the integer.
float log2Float32(float x);

/// Stored domain -> threshold: identity, 2^v, or 2^round(v).
float thresholdFromStored(float value, const QuantizerSpec &spec);

/// Factor and offset of affine statistics, applied in the stored domain.
struct AffineFactor {
    float weight = 1;
    float bias = 0;
    bool present = false;
};

float scaleFromStatistic(float statistic, const QuantizerSpec &spec, int bits, AffineFactor affine = {});
/// The divisor of a decoupled quantizer: every version divides its threshold at last.
float preScaleFromStatistic(float statistic, const QuantizerSpec &spec, int bits);
float scaleFromStored(float stored, const QuantizerSpec &spec, int bits);
float scaleFromConstant(const QuantizerSpec &spec, int bits);

/// Zero point of a shifted quantizer: clamp(round(-minimum / scale + lowest code)); `minimum` <= 0, in real units.
float zeroPointFromMinimum(float minimum, float scale, const QuantizerSpec &spec, int bits);

/// The scale is computed from a sum in float32, whose last bit depends on the order of addition: it differs between
/// machines and numbers of threads. Powers of two are rounded too coarsely to show it. `tensors`: how many share it.
bool restsOnMean(const QuantizerSpec &spec, std::size_t tensors = 1);
/// Says so at the end of the scale's origin.
void noteOrderOfAddition(Quantizer &quantizer);
bool dependsOnOrderOfAddition(const Quantizer &quantizer);

/// The rule in words, for provenance: "abs-max, power of two, ceil".
std::string scaleRuleWords(const QuantizerSpec &spec);
/// The rule with this layer's numbers: "scale = 2^ceil(log2 0.301691) / 2^5 = 2^-1 / 32 = 2^-6".
std::string scaleFormula(const QuantizerSpec &spec, int bits, float input, float scale);

} // namespace quantscope
