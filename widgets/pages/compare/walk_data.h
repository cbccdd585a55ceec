#pragma once

#include "charts/sweep_chart.h"
#include "lab/width_walk.h"

#include <QString>

namespace quantscope {

/// One line a layer: accuracy in % over its bits, the others as they are; without labels the output's SQNR in dB.
SweepData walkAlone(const std::vector<SweepPoint> &points, const WidthWalk &walk);
/// Total bits against the same figure: the walk's steps, those on the front joined, and `chosen`, a step, ringed.
SweepData walkTogether(const std::vector<SweepPoint> &points, const WidthWalk &walk, std::optional<std::size_t> chosen);
/// What the total of widths counts, as an axis has it.
QString walkTotalTitle(const std::vector<SweepPoint> &points);
/// The step behind a dot of walkTogether; nullopt where it is none.
std::optional<std::size_t> walkStepAt(const WidthWalk &walk, int line, int dot);
/// "98.61 %, 0 predictions changed, output exact".
QString walkEffectText(const DataEffect &effect);

} // namespace quantscope
