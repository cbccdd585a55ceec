#pragma once

#include "items/hits_model.h"

#include <QWidget>

class QTableView;

namespace quantscope {

/// The elements that were found, below the table of values. Hidden where nothing was found.
class HitList : public QWidget {
    Q_OBJECT
public:
    explicit HitList(ValuesModel &values, QWidget *parent = nullptr);
    HitsModel &model() { return m_model; }
    void setHits(std::vector<std::uint64_t> positions);
    void setRowsShown(int rows); ///< the others are scrolled to
    /// The element that is looked at, which is marked where it is one of them.
    void setCurrent(std::uint64_t flat);

Q_SIGNALS:
    void picked(quint64 flat); ///< clicked, or reached by keys

private:
    HitsModel m_model;
    QTableView *m_table;
};

} // namespace quantscope
