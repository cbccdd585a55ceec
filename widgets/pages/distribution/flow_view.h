#pragma once

#include "items/facts.h"
#include "session/shown_flow.h"

#include <QWidget>

#include <vector>

class QLabel;
class QPushButton;
class QStackedWidget;

namespace quantscope {

class BarChart;
class BitLegend;
class BitWeightChart;
class Card;
class Figure;
class FlowTrial;
class Segmented;
class Session;

/// What flowed through a quantizer, or out of a layer, when the network ran on data: bars are what was seen, the type
/// window is what the file calibrated, and can be dragged.
class FlowView : public QWidget {
    Q_OBJECT
public:
    explicit FlowView(Session &session, QWidget *parent = nullptr);
    enum Chart { BitWeights, Codes };
    void showChart(int chart);
    void refresh();
    bool idle() const;
    FlowTrial *trial() const { return m_trial; }
    BitWeightChart *bitWeights() const { return m_bitWeights; }
    BarChart *codes() const { return m_codes; }

private:
    QWidget *makeFigures();
    QWidget *makeCharts();
    void refreshFigures();
    void setFigures(const std::vector<FigureText> &figures);
    void refreshWords();
    void refreshCharts();
    void refreshCodes();
    QString legendText() const;

    Session &m_session;
    ShownFlow m_shown;
    std::vector<Figure *> m_figures;
    QStringList m_names;
    QWidget *m_figureRow;
    QLabel *m_provenance, *m_seen, *m_zeros;
    QPushButton *m_apply, *m_reset;
    Segmented *m_switch;
    BitLegend *m_legend;
    QStackedWidget *m_charts;
    BitWeightChart *m_bitWeights;
    BarChart *m_codes = nullptr; ///< made when first shown
    FlowTrial *m_trial;
};

} // namespace quantscope
