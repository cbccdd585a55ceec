#pragma once

#include "items/copy_text.h"
#include "items/values_model.h"
#include "session/task.h"

#include <QItemSelection>
#include <QWidget>

class QLabel;

namespace quantscope {

/// "Copy as": a rectangle of values as text. It is read on a worker, because it may be a whole matrix.
class CopyBar : public QWidget {
    Q_OBJECT
public:
    explicit CopyBar(const ValuesModel &model, QWidget *parent = nullptr);
    /// Copies the selection, or everything in view where only one cell is selected.
    void copy(const QItemSelection &selected, CopyForm form);
    bool idle() const { return !m_reading.running(); }

Q_SIGNALS:
    void requested(quantscope::CopyForm form);

private:
    const ValuesModel &m_model;
    QLabel *m_note;
    Task<QString> m_reading;
};

} // namespace quantscope
