#pragma once

#include "items/layer_model.h"
#include "items/layer_proxy.h"
#include "look/controls.h"

#include <QComboBox>
#include <QTableView>

namespace quantscope {

class Session;

/// The map of the file: what it is, how big, whose recipe, and every layer.
class LayersPanel : public QWidget {
    Q_OBJECT
public:
    explicit LayersPanel(Session &session, QWidget *parent = nullptr);
    LayerModel *model() { return &m_model; }
    QTableView *table() { return m_table; }
    /// The reason why a filter cannot be used, or empty.
    QString setFilter(const QString &text);
    /// Selects the next (1) or previous (-1) visible layer.
    void step(int by);
    /// What the flow has between the layers is listed too; the choice is kept.
    void showOperators(bool shown);
    bool showsOperators() const { return m_model.showsOperators(); }

protected:
    void resizeEvent(QResizeEvent *event) override;

private:
    QWidget *makeHeader();
    void setUpLayers();
    void onLanes();
    void onSorted(int column, Qt::SortOrder order);
    void showColumns();
    void showProposed();
    void onNetwork();
    void onSelection();
    void pushSelection();
    void updateHeader();
    void makePartChoice();
    void updateParts();
    void updateRecipe();

    Session &m_session;
    LayerModel m_model;
    LayerProxy m_proxy;
    QTableView *m_table;
    ElidedLabel *m_file;
    ElidedLabel *m_dialect;
    QLabel *m_weights, *m_bits, *m_recipe;
    QComboBox *m_part;
    QWidget *m_partBox;
    bool m_following = false;
    bool m_lanesAwaited = false;
};

} // namespace quantscope
