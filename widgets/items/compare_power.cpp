#include "items/compare_power.h"

#include "items/compare_column.h"
#include "items/text.h"
#include "quant/fixed_point.h"

#include <algorithm>
#include <cmath>
#include <map>

#include <fmt/format.h>

using namespace Qt::StringLiterals;

namespace quantscope {

namespace {

// Half the range saves a bit of precision and clips; beyond four times that the error only grows.
constexpr int kFinerBits = 3, kCoarserBits = 1;
constexpr int kWidest = 32; // ap_fixed of the lab

std::string withWidth(const char *preset, int bits)
{
    return bits == 8 ? preset : fmt::format("{},bit_width={}", preset, bits);
}

Result<std::vector<CandidateResult>> tried(const Network &network, const std::string &layer, const std::string &slot,
    const std::vector<std::string> &names, const Progress &progress)
{
    std::vector<CandidateText> candidates;
    for (const std::string &name : names)
        if (auto candidate = parseCandidate(name))
            candidates.push_back(std::move(*candidate));
    auto compared = compareCandidates(
        network, {layer}, candidates, {.slot = slot, .hash = false, .skipUnavailable = true}, progress);
    if (!compared)
        return tl::unexpected(compared.error());
    return std::move(compared->front().candidates);
}

const CandidateResult *find(const std::vector<CandidateResult> &results, const std::string &name)
{
    const auto found = std::find_if(
        results.begin(), results.end(), [&](const CandidateResult &r) { return r.name == name && r.figures; });
    return found == results.end() ? nullptr : &*found;
}

PowerRow rowOf(const std::string &layer, const QString &rule, const CandidateResult &result)
{
    PowerRow row{.layer = layer,
        .rule = rule,
        .candidate = result.name,
        .scale = 0,
        .result = result,
        .lostDb = {},
        .best = false};
    if (result.slot.quantizer->scale->perTensor())
        row.scale = static_cast<double>(result.slot.quantizer->scale->values[0]);
    return row;
}

/// Which roundings of −log₂(scale) give this number of fractional bits.
QString roundingsText(double exact, int fraction)
{
    QStringList words;
    if (fraction == static_cast<int>(std::floor(exact)))
        words << u"floor"_s;
    if (fraction == static_cast<int>(std::nearbyint(exact)))
        words << u"nearest"_s;
    if (fraction == static_cast<int>(std::ceil(exact)))
        words << u"ceil"_s;
    return words.join(u", "_s);
}

std::vector<PowerRow> powers(const std::string &layer, const std::vector<CandidateResult> &results,
    const std::map<int, std::string> &names, double exact)
{
    std::vector<PowerRow> rows;
    for (const auto &[fraction, name] : names)
        if (const CandidateResult *result = find(results, name))
            rows.push_back(rowOf(layer, roundingsText(exact, fraction), *result));
    const auto best = std::min_element(rows.begin(), rows.end(), [](const PowerRow &a, const PowerRow &b) {
        return a.result.figures->error.errorPower < b.result.figures->error.errorPower;
    });
    if (best != rows.end()) {
        best->best = true;
        best->rule += (best->rule.isEmpty() ? QString() : u", "_s) + u"least MSE"_s;
    }
    std::erase_if(rows, [](const PowerRow &row) { return row.rule.isEmpty(); });
    return rows;
}

} // namespace

Result<std::vector<PowerRow>> powerOfTwoRows(
    const Network &network, const std::string &layer, const std::string &slotName, const Progress &progress)
{
    const Layer *found = network.layer(layer);
    const SlotQuantizer *slot = found ? found->slot(slotName) : nullptr;
    const int bits
        = std::min(kWidest, slot && slot->quantizer && slot->quantizer->bitWidth ? *slot->quantizer->bitWidth : 8);
    const std::string channels = withWidth("Int8WeightPerChannelFloat", bits),
                      tensor = withWidth("Int8WeightPerTensorFloat", bits);
    const auto floats = tried(network, layer, slotName, {channels, tensor}, progress);
    if (!floats)
        return tl::unexpected(floats.error());
    std::vector<PowerRow> rows;
    if (const CandidateResult *result = find(*floats, "file"))
        rows.push_back(rowOf(layer, u"in the file"_s, *result));
    if (const CandidateResult *result = find(*floats, channels))
        rows.push_back(rowOf(layer, u"per channel, float"_s, *result));
    const CandidateResult *one = find(*floats, tensor);
    if (!one)
        return rows;
    rows.push_back(rowOf(layer, u"per tensor, float"_s, *one));
    if (!(rows.back().scale > 0))
        return rows;
    const double exact = -std::log2(rows.back().scale);
    std::map<int, std::string> names;
    for (int fraction = static_cast<int>(std::floor(exact)) - kCoarserBits;
         fraction <= static_cast<int>(std::ceil(exact)) + kFinerBits; ++fraction)
        names[fraction] = apFixedName({bits, bits - fraction, true});
    std::vector<std::string> texts;
    for (const auto &[fraction, name] : names)
        texts.push_back(name);
    const auto fixed = tried(network, layer, slotName, texts, progress);
    if (!fixed)
        return tl::unexpected(fixed.error());
    for (PowerRow &row : powers(layer, *fixed, names, exact))
        rows.push_back(std::move(row));
    const CandidateResult *finest = find(*floats, channels);
    const auto base = (finest ? finest : one)->figures->error.sqnrDb();
    for (PowerRow &row : rows)
        if (const auto db = row.result.figures->error.sqnrDb(); db && base)
            row.lostDb = *base - *db;
    return rows;
}

void PowerModel::setRows(std::vector<PowerRow> rows)
{
    beginResetModel();
    m_rows = std::move(rows);
    endResetModel();
}

int PowerModel::rowCount(const QModelIndex &parent) const
{
    return parent.isValid() ? 0 : static_cast<int>(m_rows.size());
}

int PowerModel::columnCount(const QModelIndex &parent) const { return parent.isValid() ? 0 : NUM_COLUMNS; }

QString PowerModel::text(const PowerRow &row, int column) const
{
    const CompareColumn figures = compareColumn({&row.result});
    switch (column) {
    case Layer: return qs(row.layer);
    case Rule: return row.rule;
    case Scale: return figures.scale;
    case Type:
        return row.result.fixedExact()
            ? qs(row.candidate.starts_with("ap_") ? row.candidate : "ap_fixed" + str(figures.type))
            : u"–"_s;
    case Sqnr: return figures.text(CompareFigure::Sqnr);
    case Lost: {
        if (!row.lostDb)
            return u"–"_s;
        const QString number = QString::number(std::abs(*row.lostDb), 'f', 1);
        return number == u"0.0" ? u"0"_s : (*row.lostDb > 0 ? u"−"_s : u"+"_s) + number;
    }
    case Mse: return figures.text(CompareFigure::Mse);
    case Clipped: return figures.text(CompareFigure::Clipped);
    default: return figures.text(CompareFigure::Zeroed);
    }
}

QVariant PowerModel::data(const QModelIndex &index, int role) const
{
    if (!checkIndex(index, CheckIndexOption::IndexIsValid))
        return {};
    const PowerRow &row = m_rows[static_cast<std::size_t>(index.row())];
    if (role == Qt::DisplayRole)
        return text(row, index.column());
    if (role == Qt::TextAlignmentRole)
        return QVariant((index.column() <= Rule ? Qt::AlignLeft : Qt::AlignRight) | Qt::AlignVCenter);
    if (role == BestRole)
        return row.best;
    if (role == Qt::ToolTipRole)
        return qs(row.candidate)
            + (row.scale > 0 ? u"\n−log₂(scale) = "_s + QString::number(-std::log2(row.scale), 'f', 4) : QString());
    return {};
}

QVariant PowerModel::headerData(int section, Qt::Orientation orientation, int role) const
{
    static const QString titles[] = {u"Layer"_s, u"Scale is"_s, u"Scale"_s, u"Type"_s, u"SQNR, dB"_s, u"Change, dB"_s,
        u"MSE"_s, u"Clipped"_s, u"Rounded to 0"_s};
    if (orientation != Qt::Horizontal || section < 0 || section >= NUM_COLUMNS)
        return {};
    if (role == Qt::TextAlignmentRole)
        return QVariant((section <= Rule ? Qt::AlignLeft : Qt::AlignRight) | Qt::AlignVCenter);
    if (role == Qt::ToolTipRole && section == Lost)
        return u"SQNR against float scales per channel"_s;
    if (role == Qt::ToolTipRole && section == Rule)
        return u"how −log₂ of the float scale per tensor becomes a whole number of fractional bits; least MSE looks at all near it"_s;
    return role == Qt::DisplayRole ? QVariant(titles[section]) : QVariant();
}

} // namespace quantscope
