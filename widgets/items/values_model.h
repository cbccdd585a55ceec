#pragma once

#include "items/code_cache.h"
#include "items/slice.h"

#include <QAbstractTableModel>

#include <optional>

namespace quantscope {

/// How a cell shows its element.
enum class ValueForm { Decimal, Hex, Binary, HexBinary, Float };

/// Bits and binary point that a slot's codes are written with.
struct WordFormat {
    int bits = 0; ///< 0: there are no codes
    std::optional<int> integerBits; ///< with the sign; nullopt: no fixed-point type is exact
};
WordFormat wordFormat(const SlotQuantizer &slot);
QString elementText(const Element &element, const WordFormat &format, ValueForm form);
/// What a NaN is stored as is no code of its own.
bool isNan(const Element &element);

/// A 2-D slice of a slot's tensor. Elements are read in chunks on a worker; a cell that is not there yet shows "…".
class ValuesModel : public QAbstractTableModel {
    Q_OBJECT
public:
    enum Role {
        MagnitudeRole = Qt::UserRole, ///< 0..1: |code| over the largest |code|; invalid without codes
        LimitRole, ///< bool: the code is an end of the range
        ZeroRole, ///< bool: the code is the zero point though the float is not zero
        FlatRole, ///< row-major position
        HitRole, ///< bool: it was found
        ChangedRole, ///< bool: a second model has another code there, or another number where neither has codes
    };

    explicit ValuesModel(QObject *parent = nullptr);

    void setSlot(const SlotRef &slot);
    /// The slot of a second model that it is compared with, in its shape; empty for none. An element that is another
    /// there shows both: "12 → 15".
    void setSecond(const SlotRef &second);
    bool hasSecond() const { return static_cast<bool>(m_second.slot()); }
    CodeCache &second() { return m_second; }
    const WordFormat &secondFormat() const { return m_secondFormat; }
    const SlotRef &slot() const { return m_cache.slot(); }
    const Slice &slice() const { return m_slice; }
    void setSlice(const Slice &slice);
    ValueForm form() const { return m_form; }
    void setForm(ValueForm form);
    /// The largest |code| that occurs, once it is known: until then the end of the range, in which the codes of a wide
    /// type are all as good as zero.
    void setLargest(double largest);
    /// What was found, ascending; none of another slot.
    void setHits(std::vector<std::uint64_t> positions);
    const WordFormat &format() const { return m_format; }
    CodeCache &cache() { return m_cache; }

    int rowCount(const QModelIndex &parent = {}) const override;
    int columnCount(const QModelIndex &parent = {}) const override;
    QVariant data(const QModelIndex &index, int role = Qt::DisplayRole) const override;
    QVariant headerData(int section, Qt::Orientation orientation, int role = Qt::DisplayRole) const override;

    std::optional<std::uint64_t> flatAt(const QModelIndex &index) const;
    QModelIndex indexOf(std::uint64_t flat) const;

private:
    void onChunk();
    bool isChanged(std::uint64_t flat) const;

    mutable CodeCache m_cache, m_second;
    Slice m_slice;
    WordFormat m_format, m_secondFormat;
    std::optional<CodeRange> m_range;
    double m_largest = 1;
    std::vector<std::uint64_t> m_hits;
    ValueForm m_form = ValueForm::Decimal;
};

} // namespace quantscope
