#include "look/style_sheet.h"

#include "look/theme.h"

namespace quantscope {

static const char *const kRules = R"(
QFrame[card="true"] { background: @panel; border: 1px solid @line; border-radius: 8px; }
QFrame[chip="true"] { background: @tint; border: none; border-radius: 6px; }
QFrame[bar="true"] { background: @panel; border: none; border-bottom: 1px solid @line; }
QFrame[panel="true"] { background: @panel; border: none; }
QFrame[rule="true"] { background: @line; border: none; max-height: 1px; min-height: 1px; }
QPushButton { background: @panel; color: @text; border: 1px solid @line; border-radius: 6px; padding: 5px 12px; }
QPushButton:hover { border-color: @accent; }
QPushButton:focus { border-color: @accent; }
QPushButton:pressed { background: @tint; }
QPushButton:disabled { color: @dim; background: @tint; }
QPushButton[primary="true"] { background: @accent; color: @onAccent; border-color: @accent; }
QPushButton[primary="true"]:focus { border-color: @text; }
QPushButton[primary="true"]:disabled { background: @tint; color: @dim; border-color: @line; }
QPushButton[link="true"] { border: 1px solid transparent; background: transparent; color: @accentText; }
QPushButton[link="true"] { padding: 6px 8px; text-align: left; }
QPushButton[link="true"]:focus { border: 2px solid @accent; background: @soft; padding: 5px 7px; }
QPushButton[link="true"]:hover { background: @soft; }
QToolButton[segment="true"] { background: @panel; color: @text; border: 1px solid @line; padding: 4px 9px; margin: 0; }
QToolButton[segment="true"]:hover { border-color: @accent; }
QToolButton[segment="true"]:focus { border-color: @accent; }
QToolButton[segment="true"]:checked { background: @accent; color: @onAccent; border-color: @accent; }
QToolButton[segment="true"]:checked:focus { border-color: @text; }
QToolButton[segment="true"]:disabled { color: @dim; }
QToolButton[segment="true"]:checked:disabled { background: @tint; color: @dim; border-color: @line; }
QLabel[keycap="true"] { background: @panel; border: 1px solid @line; border-bottom-width: 2px; border-radius: 4px; }
QLabel[keycap="true"] { padding: 1px 6px; }
QLabel[badge="warning"] { background: @amber; color: @onAmber; border-radius: 6px; padding: 1px 7px; }
QLabel[badge="error"] { background: @redText; color: @panel; border-radius: 6px; padding: 1px 7px; }
QLineEdit { background: @panel; color: @text; border: 1px solid @line; border-radius: 6px; padding: 4px 8px; }
QLineEdit { selection-background-color: @accent; selection-color: @onAccent; }
QLineEdit:focus { border-color: @accent; }
QLineEdit[wrong="true"] { border-color: @red; }
QComboBox, QAbstractSpinBox { background: @panel; color: @text; border: 1px solid @line; border-radius: 6px; }
QComboBox { padding: 3px 3px 3px 7px; }
QAbstractSpinBox { padding: 3px 4px; selection-background-color: @accent; selection-color: @onAccent; }
QComboBox:hover, QAbstractSpinBox:hover { border-color: @accent; }
QComboBox:focus, QAbstractSpinBox:focus { border-color: @accent; }
QComboBox:disabled, QAbstractSpinBox:disabled { color: @dim; background: @tint; }
QComboBox::drop-down { border: none; width: 15px; }
QComboBox::down-arrow { image: url(:/icons/down.svg); width: 10px; height: 10px; }
QComboBox QAbstractItemView { background: @panel; border: 1px solid @line; outline: none; }
QAbstractSpinBox::up-button, QAbstractSpinBox::down-button { subcontrol-origin: border; border: none; width: 16px; }
QAbstractSpinBox::up-button { subcontrol-position: top right; }
QAbstractSpinBox::down-button { subcontrol-position: bottom right; }
QAbstractSpinBox::up-arrow { image: url(:/icons/up.svg); width: 9px; height: 9px; }
QAbstractSpinBox::down-arrow { image: url(:/icons/down.svg); width: 9px; height: 9px; }
QPushButton::menu-indicator { image: url(:/icons/down.svg); width: 10px; height: 10px; }
QPushButton::menu-indicator { subcontrol-origin: padding; subcontrol-position: center right; right: 6px; }
QCheckBox, QRadioButton { spacing: 7px; }
QCheckBox::indicator, QRadioButton::indicator { width: 13px; height: 13px; border: 1px solid @dim; }
QCheckBox::indicator, QRadioButton::indicator { background: @panel; }
QCheckBox::indicator { border-radius: 3px; }
QRadioButton::indicator { border-radius: 7px; }
QCheckBox::indicator:checked { background: @accent; border-color: @accent; image: url(:/icons/@check.svg); }
QRadioButton::indicator:checked { width: 5px; height: 5px; border: 5px solid @accent; background: @onAccent; }
QCheckBox::indicator:focus, QRadioButton::indicator:focus { border-color: @text; }
QCheckBox::indicator:disabled, QRadioButton::indicator:disabled { border-color: @line; background: @tint; }
QCheckBox:focus, QRadioButton:focus { color: @accentText; }
QAbstractScrollArea::corner { background: transparent; border: none; }
QHeaderView { background: @tint; border: none; }
QHeaderView:vertical { background: @panel; }
QHeaderView::section { background: @tint; color: @dim; border: none; border-bottom: 1px solid @line; }
QHeaderView::section { padding: 6px 0 6px 4px; } /* Qt keeps the room of an arrow on the right */
QHeaderView::section:vertical { padding: 0 6px; }
QTableView { background: @panel; border: none; gridline-color: @line; selection-background-color: @soft; }
QTableView { selection-color: @text; outline: none; }
QTableView::item { padding: 0 6px; }
QHeaderView::down-arrow, QHeaderView::up-arrow { subcontrol-origin: padding; subcontrol-position: center right; }
QHeaderView::down-arrow, QHeaderView::up-arrow { width: 5px; height: 5px; }
QTableView QTableCornerButton::section { background: @tint; border: none; }
QTabBar::tab { background: transparent; color: @dim; border: none; border-bottom: 2px solid transparent; }
QTabBar::tab { padding: 7px 2px; margin-right: 14px; }
QTabBar::tab:selected { color: @text; border-bottom-color: @accent; }
QTabBar::tab:hover { color: @text; }
QTabBar::tab:focus { color: @accentText; background: @soft; }
QTabBar QToolButton { background: @panel; border: 1px solid @line; }
QSplitter::handle { background: @line; }
QScrollArea, QScrollArea > QWidget, QScrollArea > QWidget > QWidget { border: none; background: transparent; }
QScrollBar:vertical { background: transparent; width: 10px; margin: 0; }
QScrollBar:horizontal { background: transparent; height: 10px; margin: 0; }
QScrollBar::handle { background: @line; border-radius: 4px; margin: 1px; min-height: 24px; min-width: 24px; }
QScrollBar::handle:hover { background: @dim; }
QScrollBar::add-line, QScrollBar::sub-line { width: 0; height: 0; border: none; }
QScrollBar::add-page, QScrollBar::sub-page { background: transparent; }
QStatusBar { background: @panel; border-top: 1px solid @line; color: @dim; }
QStatusBar::item { border: none; }
QMenuBar { background: @panel; border-bottom: 1px solid @line; }
QMenuBar::item { background: transparent; padding: 4px 10px; }
QMenuBar::item:selected { background: @soft; }
QMenu { background: @panel; border: 1px solid @line; }
QMenu::item { padding: 5px 24px; }
QMenu::item:selected { background: @soft; color: @text; }
QMenu::item:disabled { color: @dim; }
QMenu::separator { height: 1px; background: @line; margin: 4px 0; }
QToolTip { background: @panel; color: @text; border: 1px solid @line; padding: 4px; }
QProgressBar { background: @tint; border: none; border-radius: 4px; }
QProgressBar::chunk { background: @accent; border-radius: 4px; }
)";

QString styleSheet(const Colours &c)
{
    QString rules = QString::fromLatin1(kRules);
    const std::pair<const char *, QColor> names[] = {{"@accentText", c.accentText}, {"@accent", c.accent},
        {"@onAccent", c.onAccent}, {"@onAmber", c.onAmber}, {"@amber", c.amber}, {"@background", c.background},
        {"@panel", c.panel}, {"@tint", c.tint}, {"@line", c.line}, {"@text", c.text}, {"@dim", c.dim},
        {"@soft", c.soft}, {"@redText", c.redText}, {"@red", c.red}};
    for (const auto &[name, colour] : names)
        rules.replace(QLatin1String(name), colour.name());
    const bool darkMark = c.onAccent.lightness() < 128;
    rules.replace(QLatin1String("@check"), QLatin1String(darkMark ? "check-dark" : "check-light"));
    return rules;
}

} // namespace quantscope
