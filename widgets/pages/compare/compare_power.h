#pragma once

#include "items/compare_power.h"
#include "items/slot_ref.h"
#include "session/task.h"

#include <QStringList>
#include <QWidget>

class QLabel;
class QPushButton;
class QTableView;

namespace quantscope {

class Session;

/// What it costs to turn the float scale of the selected layers into a power of two.
class ComparePower : public QWidget {
    Q_OBJECT
public:
    explicit ComparePower(Session &session, QWidget *parent = nullptr);
    void refresh();
    PowerModel &model() { return m_model; }
    QTableView *table() const { return m_table; }
    void apply();
    bool idle() const { return !m_task.running(); }

private:
    void compute(std::vector<std::string> layers);
    void refreshApply();
    QString summary() const;

    Session &m_session;
    PowerModel m_model;
    QTableView *m_table;
    QLabel *m_note;
    QPushButton *m_apply;
    std::shared_ptr<const Network> m_network;
    QStringList m_layers;
    Slot m_slot = Slot::Weight;
    Slot m_rowsSlot = Slot::Weight; ///< whose rows are shown: those of another slot may still be on their way
    bool m_againstQuantized = false;
    Task<std::vector<PowerTable>> m_task;
};

} // namespace quantscope
