"""From files of any kind to appeals, and from appeals to honest splits."""
