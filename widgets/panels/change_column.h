#pragma once

#include <QObject>

class QTableView;

namespace quantscope {

class LayerModel;
class Session;

/// Fills the column 'Change' of a list of layers while there is a second model, and adds the layers that only that has.
class ChangeColumn : public QObject {
    Q_OBJECT
public:
    ChangeColumn(Session &session, LayerModel &model, QTableView &table, QObject *parent);

Q_SIGNALS:
    void changed(); ///< there may be other rows

private:
    void refresh();

    Session &m_session;
    LayerModel &m_model;
    QTableView &m_table;
};

} // namespace quantscope
