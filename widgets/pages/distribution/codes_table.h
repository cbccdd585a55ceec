#pragma once

#include "items/values_model.h"
#include "look/controls.h"

namespace quantscope {

class ValuesView;

/// The first codes of a tensor: a small table below the histograms.
class CodesTable : public Card {
    Q_OBJECT
public:
    explicit CodesTable(QWidget *parent = nullptr);
    void setSlot(const SlotRef &slot);
    /// The largest |code| that occurs, as soon as it is known.
    void setLargest(double largest) { m_model.setLargest(largest); }
    ValuesModel *model() { return &m_model; }

private:
    QString noteFor(const SlotRef &slot) const;

    ValuesModel m_model;
    Segmented *m_forms;
    ElidedLabel *m_note;
    ValuesView *m_view;
};

} // namespace quantscope
