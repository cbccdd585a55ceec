#include "items/channel_model.h"

#include "items/text.h"
#include "quant/fixed_point.h"

#include <cmath>
#include <limits>

using namespace Qt::StringLiterals;

namespace quantscope {

double ChannelRow::atLimitShare() const
{
    return statistics.count == 0 ? 0 : static_cast<double>(statistics.atLimit) / static_cast<double>(statistics.count);
}

namespace {

QString scaleText(const ChannelRow &row)
{
    if (std::isnan(row.scale))
        return u"–"_s;
    const auto bits = fractionalBits(row.scale);
    return bits ? powerOfTwoText(-*bits) : floatText(static_cast<double>(row.scale));
}

QString fracBitsText(const ChannelRow &row)
{
    const auto bits = fractionalBits(row.scale);
    return bits ? wholeText(*bits) : u"–"_s;
}

QString codesText(const ChannelRow &row)
{
    return row.isSeen ? u"–"_s : wholeText(row.statistics.codesMin) + u" … "_s + wholeText(row.statistics.codesMax);
}

QString atLimitText(const ChannelRow &row)
{
    return row.isSeen ? u"–"_s
        : row.statistics.atLimit == 0
        ? u"0"_s
        : groupedText(row.statistics.atLimit) + u" ("_s + shareText(row.atLimitShare()) + u")"_s;
}

QString sqnrText(const ChannelRow &row)
{
    const auto db = row.statistics.error.sqnrDb();
    return db ? fixedText(*db, 1) : u"–"_s;
}

QString changedText(const ChannelRow &row)
{
    if (row.changed.value_or(0) == 0)
        return row.changed ? u"0"_s : QString();
    const double share = static_cast<double>(*row.changed) / static_cast<double>(row.statistics.count);
    return groupedText(*row.changed) + u" ("_s + shareText(share) + u")"_s;
}

std::vector<RowColumn<ChannelRow>> channelColumns()
{
    using Row = ChannelRow;
    const auto value = [](auto number) { // NaN where it is unknown
        return [number](const Row &row) { return QVariant(static_cast<double>(number(row))); };
    };
    constexpr double unknown = std::numeric_limits<double>::quiet_NaN();
    const auto low = [](const Row &row) { return static_cast<double>(row.statistics.low); };
    const auto high = [](const Row &row) { return static_cast<double>(row.statistics.high); };
    return {{u"Channel"_s, [](const Row &row) { return QString::number(row.channel); },
                value([](const Row &row) { return row.channel; }), kRight},
        {u"Scale"_s, scaleText, value([](const Row &row) { return row.scale; }), kRight},
        {u"Frac. bits"_s, fracBitsText,
            value([](const Row &row) { return fractionalBits(row.scale).value_or(std::numeric_limits<int>::min()); }),
            kRight},
        {u"Smallest w"_s, [low](const Row &row) { return numberText(low(row)); }, value(low), kRight},
        {u"Largest w"_s, [high](const Row &row) { return numberText(high(row)); }, value(high), kRight},
        {u"Codes"_s, codesText, value([](const Row &row) { return row.statistics.codesMax - row.statistics.codesMin; }),
            kRight},
        {u"At limit"_s, atLimitText, value([](const Row &row) { return row.atLimitShare(); }), kRight},
        {u"SQNR, dB"_s, sqnrText,
            value([unknown](const Row &row) { return row.statistics.error.sqnrDb().value_or(unknown); }), kRight},
        {u"Changed"_s, changedText,
            [](const Row &row) { return row.changed ? QVariant(static_cast<double>(*row.changed)) : QVariant(); },
            kRight, u"codes that are others in the second model (B)"_s}};
}

} // namespace

ChannelModel::ChannelModel(QObject *parent)
    : RowModel(channelColumns(), parent)
{
}

static std::vector<ChannelRow> rowsOf(
    const Quantizer *quantizer, const std::vector<ChannelStatistics> &channels, bool isSeen)
{
    constexpr float unknown = std::numeric_limits<float>::quiet_NaN();
    std::vector<ChannelRow> rows;
    const bool hasScales = quantizer && quantizer->scale && !quantizer->scale->values.empty();
    // A channel of several blocks has no scale of its own.
    const bool blocked = hasScales && quantizer->blockSize && quantizer->scale->values.size() > 1;
    for (std::size_t i = 0; i < channels.size(); ++i) {
        float scale = unknown;
        if (hasScales && !blocked)
            scale = quantizer->scale->values.size() == channels.size() ? quantizer->scale->values[i]
                                                                       : quantizer->scale->values.front();
        rows.push_back({static_cast<int>(i), scale, channels[i], isSeen});
    }
    return rows;
}

void ChannelModel::setChannels(const SlotRef &slot, const std::vector<ChannelStatistics> &channels)
{
    m_isSeen = false;
    const bool hasScales
        = slot && slot.slot->quantizer && slot.slot->quantizer->scale && !slot.slot->quantizer->scale->values.empty();
    setRows(hasScales ? rowsOf(&*slot.slot->quantizer, channels, false) : std::vector<ChannelRow>());
}

void ChannelModel::setSeen(const Quantizer *quantizer, const std::vector<ChannelStatistics> &channels)
{
    m_isSeen = true;
    setRows(rowsOf(quantizer, channels, true));
}

QVariant ChannelModel::headerData(int section, Qt::Orientation orientation, int role) const
{
    if (m_isSeen && role == Qt::DisplayRole && orientation == Qt::Horizontal && (section == Low || section == High))
        return section == Low ? u"Smallest seen"_s : u"Largest seen"_s;
    return RowModel::headerData(section, orientation, role);
}

void ChannelModel::setChanged(const std::vector<std::uint64_t> &changed)
{
    const bool fits = changed.size() == rows().size();
    changeRows(
        [&](ChannelRow &row) {
            row.changed = fits ? std::optional(changed[static_cast<std::size_t>(row.channel)]) : std::nullopt;
        },
        Changed, Changed);
}

double ChannelModel::number(int row, int column) const { return index(row, column).data(SortRole).toDouble(); }

} // namespace quantscope
