#pragma once

#include "lab/compare.h"
#include "lab/figures.h"

#include <QString>

#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace quantscope {

using CompareFigure = FigureId; ///< a row of the lab's table
inline constexpr int kCompareFigures = 14; ///< of the slots themselves
inline constexpr int kAllCompareFigures = 17; ///< with those of the network on data

QString figureName(CompareFigure figure);
/// How a figure is computed, for its tooltip.
QString figureRule(CompareFigure figure);

/// One candidate with its figures, in words.
struct CompareColumn : CandidateFigures {
    std::string name; ///< as it was given; "file" for what the file or recipe has
    QString title, subtitle;
    QString scale, type, exact; ///< words for the rows that are no numbers
    QString bits;
    QString note; ///< why there are no figures
    QString effectNote; ///< why there is no effect on data

    /// The number behind a figure, NaN where it is unknown. An SQNR without error is infinite.
    double number(CompareFigure figure) const;
    QString text(CompareFigure figure) const;
    /// "+6.1", "−76 %", "×4.0" against another column (the file's); empty where nothing changes or nothing can be said.
    QString difference(CompareFigure figure, const CompareColumn &base) const;
};

/// `results` are one candidate's, one per layer; not empty.
CompareColumn compareColumn(const std::vector<const CandidateResult *> &results);

/// One column per candidate; `results` holds one result per layer for each.
std::vector<CompareColumn> compareColumns(
    const std::vector<std::vector<std::shared_ptr<const CandidateResult>>> &results);

/// Columns that are best in a figure; empty for figures that are no contest and when more than three share it.
std::vector<std::size_t> bestColumns(const std::vector<CompareColumn> &columns, CompareFigure figure);

/// Positions in the order of a figure, best first (worst first when `reversed`), unknown last; the first column stays.
std::vector<std::size_t> orderedColumns(const std::vector<CompareColumn> &columns, CompareFigure figure, bool reversed);

} // namespace quantscope
