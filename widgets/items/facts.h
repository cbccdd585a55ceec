#pragma once

#include "analysis/statistics.h"
#include "items/quantizer_texts.h"
#include "items/slot_ref.h"

#include <QString>

#include <vector>

namespace quantscope {

/// One field of a quantizer as a person reads it.
struct Fact {
    QString label; ///< "scale"
    QString value; ///< "2⁻⁶"
    QString word; ///< where it comes from: read, computed, preset, recipe, assumed
    QString detail; ///< which key, rule, preset or entry; what it means where the preset says no more than its name
    QString source; ///< the same as recorded
    bool assumed = false;
};

/// Everything one card shows.
struct SlotFacts {
    QString title; ///< "weight"
    QString subtitle; ///< preset in force, or the tensor's name
    QString type; ///< "ap_fixed<6,0>", else a word such as "6 bit, 16 scales"
    std::vector<Fact> rows;
    QString formula; ///< plain text, lines by \n
    bool assumed = false;
    QString contradiction; ///< how a proof differs; empty when none does
    QString problem; ///< why there is no quantizer
};

SlotFacts slotFacts(const SlotQuantizer &slot);

/// A figure of the distribution page.
struct FigureText {
    QString name, value, tip;
    QString query = {}; ///< finds what is counted (analysis/find_query.h); empty where nothing is
};
/// Type, scale, fractional bits, range, SQNR, saturated, rounded to 0, codes used. Without statistics the last four are
/// "…", of minifloats "–"; an activation has none of them.
std::vector<FigureText> slotFigures(const SlotQuantizer &slot, const SlotStatistics *statistics);
/// "scale computed: ... · bits recipe: ... · signed, narrow preset: ..."
std::vector<Fact> provenanceLine(const SlotQuantizer &slot);

} // namespace quantscope
