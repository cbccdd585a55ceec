#pragma once

#include "network/network.h"

#include <QWidget>

#include <functional>
#include <set>
#include <string>
#include <utility>
#include <vector>

class QComboBox;
class QCompleter;
class QLabel;
class QLineEdit;
class QPushButton;

namespace quantscope {

class Session;

/// A keyword of Brevitas and its value, for all selected quantizers as one edit; slots that nothing quantizes are left
/// out, and named. The list holds what they all take; any other can be typed.
class KeywordBar : public QWidget {
    Q_OBJECT
public:
    explicit KeywordBar(Session &session, QWidget *parent = nullptr);
    using Selected = std::vector<std::pair<std::string, const SlotQuantizer *>>; ///< layers with their slots
    /// `selected` tells of the rows at the time that it is asked.
    void setSource(std::function<Selected()> selected) { m_selected = std::move(selected); }
    /// The selection or what may be edited has changed.
    void refresh();

Q_SIGNALS:
    void leaveValue(); ///< Ctrl+Z takes back the edit, not the text

private:
    void set();
    void fillKeywords();
    std::vector<std::string> offeredWords() const;
    void fillValues();
    void showKeywordProblem(const QString &text);
    void showLeftOut(const QStringList &slots);

    Session &m_session;
    std::function<Selected()> m_selected;
    std::set<Slot> m_slots; ///< of what is selected
    std::vector<std::string> m_words; ///< that are offered as values
    QComboBox *m_keyword;
    QLineEdit *m_value;
    QPushButton *m_set;
    QLabel *m_problem, *m_leftOut;
};

} // namespace quantscope
