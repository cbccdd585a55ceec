#pragma once

#include "analysis/find.h"
#include "items/slot_ref.h"
#include "look/controls.h"
#include "session/task.h"

namespace quantscope {

/// Go to an index, find values in the whole tensor, step through the hits.
class FindBar : public QWidget {
    Q_OBJECT
public:
    explicit FindBar(QWidget *parent = nullptr);
    void setSlot(const SlotRef &slot);
    /// What `changed` and `change` compare it with; empty without a second model. What was found stays.
    void setSecond(const SlotRef &second) { m_second = second; }
    const FindResult &result() const { return m_result; }
    enum class Then { GoToFirst, Stay };
    void find(const QString &text, Then then = Then::GoToFirst);
    /// What the shown result, or the search that runs, was asked for; empty where there is none.
    const QString &shownQuery() const { return m_asked; }
    /// The next (1) or previous (-1) hit after `flat`.
    void step(int by, std::uint64_t flat);
    void focusFind();
    void setCurrent(const QString &index); ///< the element that the page shows, such as "[4, 12, 0, 1]"
    bool searching() const { return m_finding.running(); }
    bool cancel(); ///< whether a search was stopped

Q_SIGNALS:
    void goTo(quint64 flat);
    void found(); ///< a search is done, or its hits are gone
    void stepRequested(int by);

private:
    QLayout *makeFields();
    void goToIndex();
    QString missingFor(const FindQuery &query) const;
    void showCurrent(const QString &index);
    void report(const QString &text);
    void showWrong(QLineEdit *edit, const QString &reason); ///< nothing is wrong where there is no reason

    SlotRef m_slot, m_second;
    QLineEdit *m_index, *m_query;
    QLabel *m_note, *m_problem;
    QString m_asked, m_current; ///< the query of the result; the index last put into the field
    FindResult m_result;
    Task<FindResult> m_finding;
};

} // namespace quantscope
