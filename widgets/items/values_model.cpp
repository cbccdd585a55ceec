#include "items/values_model.h"

#include "items/text.h"
#include "network/axes.h"
#include "quant/fixed_point.h"

#include <algorithm>
#include <cmath>

using namespace Qt::StringLiterals;

namespace quantscope {

WordFormat wordFormat(const SlotQuantizer &slot)
{
    WordFormat format;
    if (!slot.quantizer || !slot.quantizer->knowsCodes() || slot.quantizer->kind == QuantizerKind::Minifloat)
        return format;
    format.bits = std::clamp(slot.quantizer->wordBits(), 1, 64);
    if (const auto type = fixedType(*slot.quantizer))
        format.integerBits = type->integerBits;
    return format;
}

bool isNan(const Element &element) { return element.hasCode && element.hasValue && std::isnan(element.value); }

QString elementText(const Element &element, const WordFormat &format, ValueForm form)
{
    if (!element.known)
        return u"…"_s;
    if (!element.hasCode)
        return element.hasFloat ? storedText(element.original) : u"?"_s;
    if (form == ValueForm::Float)
        return element.hasValue ? floatText(static_cast<double>(element.value)) : u"?"_s;
    if (isNan(element))
        return u"nan"_s;
    const auto binary = [&] {
        return format.integerBits ? qs(binaryWord(element.code, format.bits, *format.integerBits))
                                  : qs(binaryDigits(element.code, format.bits));
    };
    switch (form) {
    case ValueForm::Hex: return qs(hexWord(element.code, format.bits));
    case ValueForm::Binary: return binary();
    case ValueForm::HexBinary: return qs(hexWord(element.code, format.bits)) + u" "_s + binary();
    default: return withMinus(QString::number(element.code));
    }
}

static std::vector<QString> letters(const SlotRef &slot)
{
    std::vector<QString> out;
    for (const std::string &letter : axisLetters(*slot.layer, *slot.slot))
        out.push_back(qs(letter));
    return out;
}

ValuesModel::ValuesModel(QObject *parent)
    : QAbstractTableModel(parent)
{
    for (const CodeCache *cache : {&m_cache, &m_second})
        connect(cache, &CodeCache::chunkReady, this, &ValuesModel::onChunk);
}

void ValuesModel::setSlot(const SlotRef &slot)
{
    beginResetModel();
    m_cache.setSlot(slot);
    m_second.setSlot({});
    m_hits.clear();
    m_slice = slot.readable() ? Slice(slot.slot->tensor->shape, letters(slot), slot.slot->channelAxis) : Slice();
    m_format = slot ? wordFormat(*slot.slot) : WordFormat();
    m_range = slot.hasCodes() ? std::optional(codeRange(*slot.slot->quantizer)) : std::nullopt;
    m_largest = !m_range
        ? 1
        : std::max({1.0, std::abs(static_cast<double>(m_range->min)), std::abs(static_cast<double>(m_range->max))});
    endResetModel();
}

void ValuesModel::setSecond(const SlotRef &second)
{
    if (!second && !hasSecond())
        return;
    beginResetModel();
    m_second.setSlot(second, m_cache.slot());
    m_secondFormat = second ? wordFormat(*second.slot) : WordFormat();
    endResetModel();
}

bool ValuesModel::isChanged(std::uint64_t flat) const
{
    const auto change = m_second.slot() ? m_second.change(flat) : std::nullopt;
    return change && change->changed;
}

void ValuesModel::setSlice(const Slice &slice)
{
    beginResetModel();
    m_slice = slice;
    endResetModel();
}

void ValuesModel::setForm(ValueForm form)
{
    if (m_form == form)
        return;
    m_form = form;
    if (rowCount() > 0 && columnCount() > 0)
        Q_EMIT dataChanged(index(0, 0), index(rowCount() - 1, columnCount() - 1), {Qt::DisplayRole});
}

void ValuesModel::setLargest(double largest)
{
    m_largest = std::max(1.0, largest);
    onChunk();
}

void ValuesModel::setHits(std::vector<std::uint64_t> positions)
{
    m_hits = std::move(positions);
    onChunk();
}

/// Which cells a chunk touches depends on the slice; a view repaints only what is visible.
void ValuesModel::onChunk()
{
    if (rowCount() > 0 && columnCount() > 0)
        Q_EMIT dataChanged(index(0, 0), index(rowCount() - 1, columnCount() - 1));
}

int ValuesModel::rowCount(const QModelIndex &parent) const
{
    return parent.isValid() ? 0 : static_cast<int>(m_slice.rows());
}

int ValuesModel::columnCount(const QModelIndex &parent) const
{
    return parent.isValid() ? 0 : static_cast<int>(m_slice.columns());
}

std::optional<std::uint64_t> ValuesModel::flatAt(const QModelIndex &index) const
{
    return index.isValid() ? m_slice.flat(index.row(), index.column()) : std::nullopt;
}

QModelIndex ValuesModel::indexOf(std::uint64_t flat) const
{
    const auto cell = m_slice.cell(unflatten(flat, m_slice.shape()));
    return cell ? index(static_cast<int>(cell->first), static_cast<int>(cell->second)) : QModelIndex();
}

QVariant ValuesModel::data(const QModelIndex &index, int role) const
{
    if (!checkIndex(index, CheckIndexOption::IndexIsValid))
        return {};
    if (role == Qt::TextAlignmentRole)
        return QVariant(Qt::AlignRight | Qt::AlignVCenter);
    const auto flat = m_slice.flat(index.row(), index.column());
    if (!flat)
        return {};
    if (role == FlatRole)
        return QVariant::fromValue<qulonglong>(*flat);
    if (role == ChangedRole)
        return isChanged(*flat);
    if (role == HitRole)
        return std::ranges::binary_search(m_hits, *flat);
    if (role != Qt::DisplayRole && role != MagnitudeRole && role != LimitRole && role != ZeroRole)
        return {};
    const Element element = m_cache.element(*flat);
    if (role == Qt::DisplayRole)
        return elementText(element, m_format, m_form)
            + (isChanged(*flat) ? u" → "_s + elementText(m_second.element(*flat), m_secondFormat, m_form) : QString());
    if (!element.hasCode || !m_range || isNan(element))
        return {};
    if (role == LimitRole)
        return element.code == m_range->min || element.code == m_range->max;
    if (role == ZeroRole)
        return element.hasFloat && element.original != 0 && element.value == 0;
    return std::min(1.0, std::abs(static_cast<double>(element.code)) / m_largest);
}

QVariant ValuesModel::headerData(int section, Qt::Orientation orientation, int role) const
{
    if (role == Qt::TextAlignmentRole)
        return QVariant(orientation == Qt::Horizontal ? Qt::AlignCenter : Qt::AlignRight | Qt::AlignVCenter);
    if (role != Qt::DisplayRole || section < 0)
        return {};
    if (orientation == Qt::Vertical)
        return section < rowCount() ? m_slice.rowTitle(section) : QVariant();
    if (section >= columnCount())
        return {};
    const std::size_t levels = m_slice.columnAxes().size();
    return m_slice.columnTitle(section, levels == 0 ? 0 : levels - 1);
}

} // namespace quantscope
