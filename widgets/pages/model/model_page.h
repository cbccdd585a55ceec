#pragma once

#include "items/model_summary.h"
#include "pages/page.h"

#include <QTimer>

class QGridLayout;
class QLabel;

namespace quantscope {

class BitsBar;
class Card;

/// The file as a whole, for when no layer is selected: how its bits are spread, which layers are worst, what can be
/// done next.
class ModelPage : public Page {
    Q_OBJECT
public:
    explicit ModelPage(Session &session, QWidget *parent = nullptr);

Q_SIGNALS:
    void recipeRequested();
    void exportRequested();
    void runRequested();

protected:
    void refresh() override;

private:
    Card *makeList(const QString &title, const QString &tip, const QString &name);
    void fillList(Card &list, const std::vector<RankedLayer> &layers);
    QWidget *makeNext();

    QLabel *m_title, *m_facts;
    BitsBar *m_bits;
    Card *m_noisiest, *m_saturated, *m_wasteful;
    QTimer m_arriving; ///< statistics of hundreds of layers come one after the other
};

} // namespace quantscope
