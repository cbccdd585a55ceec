#pragma once

#include "pages/page.h"

#include <vector>

class QGridLayout;
class QScrollArea;
class QLabel;

namespace quantscope {

class AccumulatorBar;
class QuantizerCard;
class BatchNormBar;
class LayerStripBar;
class DpuShiftBar;
class StepCard;
struct Layer;
struct SlotQuantizer;

/// Where the layer sits, one card per quantizer of it, its neighbours' activations, and one weight step by step.
class OverviewPage : public Page {
    Q_OBJECT
public:
    explicit OverviewPage(Session &session, QWidget *parent = nullptr);

protected:
    void refresh() override;
    bool eventFilter(QObject *watched, QEvent *event) override;

private:
    struct Shown {
        QString role;
        const Layer *layer;
        const SlotQuantizer *slot;
        bool neighbour;
    };
    std::vector<Shown> shownSlots() const;
    void connectCard(QuantizerCard *view, const Shown &shown);
    QuantizerCard *card(std::size_t at, const QString &role);
    int columnsThatFit() const;
    void alignCards();
    void arrange();

    QGridLayout *m_grid;
    QScrollArea *m_scroll;
    QWidget *m_content;
    std::vector<QuantizerCard *> m_cards;
    std::size_t m_used = 0;
    int m_columns = 1;
    QLabel *m_waiting;
    LayerStripBar *m_strip;
    BatchNormBar *m_batchNorm;
    DpuShiftBar *m_shifts;
    AccumulatorBar *m_accumulator;
    StepCard *m_step;
};

} // namespace quantscope
